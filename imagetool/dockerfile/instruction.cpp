#include "imagetool/dockerfile/instruction.hpp"

#include <algorithm>

namespace ocimg::dockerfile {

namespace {

struct NameOf {
    std::string_view operator()(const From&) const { return "FROM"; }
    std::string_view operator()(const Run&) const { return "RUN"; }
    std::string_view operator()(const Copy&) const { return "COPY"; }
    std::string_view operator()(const Add&) const { return "ADD"; }
    std::string_view operator()(const Arg&) const { return "ARG"; }
    std::string_view operator()(const Env&) const { return "ENV"; }
    std::string_view operator()(const Label&) const { return "LABEL"; }
    std::string_view operator()(const Cmd&) const { return "CMD"; }
    std::string_view operator()(const Entrypoint&) const { return "ENTRYPOINT"; }
    std::string_view operator()(const Expose&) const { return "EXPOSE"; }
    std::string_view operator()(const Healthcheck&) const { return "HEALTHCHECK"; }
    std::string_view operator()(const OnBuild&) const { return "ONBUILD"; }
    std::string_view operator()(const Shell&) const { return "SHELL"; }
    std::string_view operator()(const StopSignal&) const { return "STOPSIGNAL"; }
    std::string_view operator()(const User&) const { return "USER"; }
    std::string_view operator()(const Volume&) const { return "VOLUME"; }
    std::string_view operator()(const Workdir&) const { return "WORKDIR"; }
    std::string_view operator()(const Maintainer&) const { return "MAINTAINER"; }
};

}  // namespace

std::string_view instruction_name(const Instruction& instruction) {
    return std::visit(NameOf{}, instruction.body);
}

bool same_meaning(const Instruction& a, const Instruction& b) {
    return a.body == b.body && a.skipped_checks == b.skipped_checks;
}

bool is_stage_name(std::string_view name) {
    if (name.empty() || name.front() < 'a' || name.front() > 'z') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

}  // namespace ocimg::dockerfile
