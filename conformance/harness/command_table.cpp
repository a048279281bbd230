#include "conformance/harness/program.hpp"

namespace conformance {

using oci::cli::Completes;
using oci::cli::OptionKind;

const oci::cli::Program& program() {
    static const oci::cli::Program table = [] {
        oci::cli::Program it;
        it.name = "oci-conformance";
        it.summary = "hold OCI runtimes and image tools to the letter of the specifications";
        oci::cli::Command run;
        run.name = "run";
        run.summary = "run cases";
        run.options = {
            {"runtime", "r", OptionKind::list, "PROGRAM", "an OCI runtime to test, by path or name"},
            {"image-tool", "i", OptionKind::list, "PROGRAM", "an image tool to test, by path or name"},
            {"profile", "", OptionKind::value, "NAME|FILE",
             "how the program is called: a file of tools/ or another one; default: by the program's name"},
            {"select", "s", OptionKind::list, "PART",
             "only cases or requirements of this name or section (mounts, mounts/ro, config.hooks)"},
            {"except", "", OptionKind::list, "PART", "without these cases: deviations that are known"},
            {"views", "", OptionKind::value, "LIST",
             "worlds to run in, of as-mounted, cgroup-v2, old-kernel, rootless; the first one runs every "
             "case, the others those that depend on them; rootless never more",
             "as-mounted,cgroup-v2,rootless"},
            {"jobs", "j", OptionKind::value, "N", "cases at a time; default: as many as processors"},
            {"timeout", "", OptionKind::value, "SECONDS", "for one case", "30"},
            {"keep", "", OptionKind::value, "DIR", "leave each case's bundle and state there"},
            {"list", "l", OptionKind::boolean, "",
             "print the selected cases with their requirements and end"},
            {"quiet", "q", OptionKind::boolean, "", "do not print the cases that passed"},
            {"tap", "", OptionKind::value, "FILE", "write TAP 14 (- is standard output)"},
            {"junit", "", OptionKind::value, "FILE", "write JUnit XML"},
            {"json", "", OptionKind::value, "FILE", "write all results as JSON"},
            {"html", "", OptionKind::value, "FILE", "write one self-contained page"},
            {"merge", "m", OptionKind::list, "FILE",
             "take these JSON results too, instead of or besides running"},
            {"check", "", OptionKind::boolean, "", "check that requirements and cases fit together and end"},
            {"spec", "", OptionKind::value, "DIR",
             "the specifications' own texts and schemas: for --check, and as a second judge of documents"},
            {"data", "", OptionKind::value, "DIR", "where requirements and tools lie"},
        };
        run.description =
            "Runs every case against the program, each in namespaces of its own, and judges by what the "
            "kernel and "
            "the documents show. Exit code 0: every selected case passed; 1: a case failed; 2: it could not "
            "run.";
        run.examples = {"oci-conformance --runtime /usr/sbin/runc",
                        "oci-conformance --runtime crun --select mounts",
                        "oci-conformance --image-tool umoci --html report.html",
                        "oci-conformance --merge runc.json --merge crun.json --html both.html"};
        it.commands.push_back(std::move(run));
        return it;
    }();
    return table;
}

}  // namespace conformance
