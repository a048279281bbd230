#pragma once
// A statement to its typed body: one function an instruction. Pure.

#include <optional>
#include <string_view>
#include <vector>

#include "imagetool/dockerfile/statement.hpp"

namespace ocimg::dockerfile {

/// Reads the statement by its keyword; an unknown one is an error that names the nearest.
oci::Result<Body> parse_body(const Statement& statement);
/// Whether heredocs may follow the statement: RUN, COPY and ADD, not in JSON form, also below ONBUILD.
bool may_have_heredocs(const Statement& statement);

oci::Result<Body> parse_from(const Statement& statement);
oci::Result<Body> parse_run(const Statement& statement);
oci::Result<Body> parse_cmd(const Statement& statement);
oci::Result<Body> parse_entrypoint(const Statement& statement);
oci::Result<Body> parse_healthcheck(const Statement& statement);
oci::Result<Body> parse_shell(const Statement& statement);
oci::Result<Body> parse_copy(const Statement& statement);
oci::Result<Body> parse_add(const Statement& statement);
oci::Result<Body> parse_arg(const Statement& statement);
oci::Result<Body> parse_env(const Statement& statement);
oci::Result<Body> parse_label(const Statement& statement);
oci::Result<Body> parse_onbuild(const Statement& statement);

/// An error when the statement has flags.
oci::Result<void> refuse_flags(const Statement& statement);

/// --network, --security, --device as they are once their variables are expanded.
oci::Result<RunNetwork> parse_network(std::string_view text);
oci::Result<RunSecurity> parse_security(std::string_view text);
oci::Result<RunDevice> parse_device(std::string_view text);
std::string_view to_text(RunNetwork network);
std::string_view to_text(RunSecurity security);

/// A name of an instruction and its comments' `check=skip=` rules in lower case.
std::vector<std::string> skipped_checks_of(const std::vector<std::string>& comments);

}  // namespace ocimg::dockerfile
