#include "runtime/protocol/debug_notes.hpp"

#include <utility>

namespace ocirun {
namespace {

std::function<void(const std::string&)>& listener_of_notes() {
    static std::function<void(const std::string&)> listener;
    return listener;
}

}  // namespace

void listen_to_debug_notes(std::function<void(const std::string&)> listener) {
    listener_of_notes() = std::move(listener);
}

bool debug_notes_wanted() {
    return static_cast<bool>(listener_of_notes());
}

void debug_note(const std::string& note) {
    if (debug_notes_wanted()) listener_of_notes()(note);
}

}  // namespace ocirun
