// Words that have no place in the products, each with the reason. Usage: banned_words PROJECT_ROOT.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tests/style/source_files.hpp"

namespace {

struct Ban {
    std::string word;
    std::vector<std::string> where;   // folders; the word is free elsewhere
    std::vector<std::string> except;  // folders in them where it is free
    bool in_strings = false;          // found in string literals too
    std::string reason;
};

const std::vector<Ban>& bans() {
    static const std::vector<std::string> products = {"base", "spec", "runtime", "imagetool", "conformance"};
    static const std::vector<std::string> no_throw = {"base", "spec", "runtime"};
    static const std::vector<Ban> table = {
        {"system(", products, {}, false, "no shell: base/process starts programs"},
        {"popen(", products, {}, false, "no shell: base/process starts programs"},
        // Help texts show it, and image configurations and Dockerfiles name it for the container.
        {"/bin/sh",
         products,
         {"runtime/cli", "imagetool/cli", "imagetool/dockerfile", "imagetool/build"},
         true,
         "no shell: base/process starts programs"},
        {"sleep(", products, {}, false, "wait for the event, with poll and a deadline"},
        {"usleep(", products, {}, false, "wait for the event, with poll and a deadline"},
        {"nanosleep(", products, {}, false, "wait for the event, with poll and a deadline"},
        {"sleep_for(", products, {}, false, "wait for the event, with poll and a deadline"},
        {"std::thread", no_throw, {}, false, "a process with threads cannot fork safely"},
        {"std::jthread", no_throw, {}, false, "a process with threads cannot fork safely"},
        {"std::async", no_throw, {}, false, "a process with threads cannot fork safely"},
        {"<regex>", products, {}, false, "it costs seconds of compile time and 250 KiB"},
        {"<iostream>", no_throw, {}, false, "its static initialisers cost start-up time"},
        {"std::format", products, {}, false, "the compilers of the project do not have it"},
        {"throw", no_throw, {}, false, "Result<T> carries errors; nothing unwinds after clone"},
        {"mktemp(", products, {}, false, "a name is no file: O_TMPFILE or mkostemp"},
        {"strcpy(", products, {}, false, "no bound"},
        {"sprintf(", products, {}, false, "no bound"},
    };
    return table;
}

bool is_below(const std::string& path, const std::vector<std::string>& folders) {
    for (const std::string& folder : folders)
        if (path.starts_with(folder + "/")) return true;
    return false;
}

void check_ban(const style::SourceFile& file, std::string_view code, const Ban& ban,
               style::Findings& findings) {
    if (!is_below(file.path, ban.where) || is_below(file.path, ban.except)) return;
    for (std::size_t at = code.find(ban.word); at != std::string_view::npos;
         at = code.find(ban.word, at + 1)) {
        if (style::is_word_at(code, at, ban.word))
            findings.add(file, style::line_of(code, at), "\"" + ban.word + "\": " + ban.reason);
    }
}

/// "TODO: what and why" at least; a bare one tells nobody anything.
void check_notes(const style::SourceFile& file, style::Findings& findings) {
    for (const std::string_view word : {"TODO", "FIXME", "XXX"}) {
        const std::string_view text = file.text;
        for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
            if (!style::is_word_at(text, at, word)) continue;
            const std::size_t end = text.find('\n', at);
            if (text.substr(at + word.size(), end - at - word.size()).size() < 20)
                findings.add(file, style::line_of(text, at), std::string(word) + " without a reason");
        }
    }
}

void check_name(const style::SourceFile& file, style::Findings& findings) {
    for (const std::string_view name : {"utils", "util", "common", "helpers", "helper", "misc"}) {
        const std::string_view path = file.path;
        for (std::size_t at = path.find(name); at != std::string_view::npos; at = path.find(name, at + 1)) {
            if (style::is_word_at(path, at, name))
                findings.add(file, 1, "a name that says nothing: " + std::string(name));
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fputs("usage: banned_words PROJECT_ROOT\n", stderr), 2;
    const auto files = style::read_sources(argv[1], {"base", "spec", "runtime", "imagetool", "conformance"},
                                           {".cpp", ".hpp"});
    style::Findings findings;
    for (const style::SourceFile& file : files) {
        const std::string code = style::without_comments(file.text, true);
        const std::string code_and_strings = style::without_comments(file.text, false);
        for (const Ban& ban : bans())
            check_ban(file, ban.in_strings ? code_and_strings : code, ban, findings);
        check_notes(file, findings);
        check_name(file, findings);
    }
    return findings.finish(files.size());
}
