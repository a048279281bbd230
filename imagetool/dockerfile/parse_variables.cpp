// ENV, LABEL and ARG: names and values.

#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/parse_instruction.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

/// "name=value name=value", or the old "name the whole rest".
Result<std::vector<KeyValue>> read_pairs(const Statement& statement, bool& legacy) {
    TRY(refuse_flags(statement));
    const char escape = statement.reader->directives().escape;
    const auto words = quoted_words(statement.rest, statement.rest_offset, escape);
    if (words.empty()) return statement.fail(statement.name + " needs a name and a value: NAME=VALUE");
    std::vector<KeyValue> pairs;
    legacy = words.front().text.find('=') == std::string::npos;
    if (legacy) {
        std::size_t end = 0;
        while (end < statement.rest.size() && !is_blank(statement.rest[end])) ++end;
        std::size_t start = end;
        while (start < statement.rest.size() && is_blank(statement.rest[start])) ++start;
        if (start == statement.rest.size())
            return statement.fail(quote(statement.rest) + " has no value: " + statement.name +
                                  " needs NAME=VALUE");
        pairs.push_back(
            {std::string(statement.rest.substr(0, end)), std::string(statement.rest.substr(start))});
        return pairs;
    }
    for (const Word& word : words) {
        const std::size_t equals = word.text.find('=');
        if (equals == std::string::npos)
            return statement.fail(word.offset, quote(word.text) + " has no '=': NAME=VALUE is needed");
        if (equals == 0) return statement.fail(word.offset, "the name before '=' is empty");
        pairs.push_back({word.text.substr(0, equals), word.text.substr(equals + 1)});
    }
    return pairs;
}

}  // namespace

Result<Body> parse_env(const Statement& statement) {
    Env env;
    env.variables = TRY(read_pairs(statement, env.legacy));
    return Body(std::move(env));
}

Result<Body> parse_label(const Statement& statement) {
    Label label;
    label.labels = TRY(read_pairs(statement, label.legacy));
    return Body(std::move(label));
}

Result<Body> parse_arg(const Statement& statement) {
    TRY(refuse_flags(statement));
    Arg arg;
    const char escape = statement.reader->directives().escape;
    for (Word& word : quoted_words(statement.rest, statement.rest_offset, escape)) {
        const std::size_t equals = word.text.find('=');
        if (equals == 0) return statement.fail(word.offset, "the name before '=' is empty");
        Argument argument{word.text.substr(0, equals), std::nullopt};
        if (equals != std::string::npos) argument.value = word.text.substr(equals + 1);
        arg.arguments.push_back(std::move(argument));
    }
    if (arg.arguments.empty()) return statement.fail("ARG needs a name: ARG NAME[=DEFAULT]");
    return Body(std::move(arg));
}

}  // namespace ocimg::dockerfile
