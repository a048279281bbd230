#pragma once
// JSON text for the probe, built up in one string; a comma is put wherever a value follows another one.

#include <string>
#include <string_view>
#include <vector>

namespace probe {

class JsonOut {
public:
    void open(char bracket) {
        separate();
        text_ += bracket;
        fresh_ = true;
    }
    void close(char bracket) {
        text_ += bracket;
        fresh_ = false;
    }
    void key(std::string_view name) {
        string(name);
        text_ += ':';
        fresh_ = true;
    }
    void string(std::string_view value);
    void raw(std::string_view value) {
        separate();
        text_ += value;
    }
    template <class T>
    void number(T value) {
        raw(std::to_string(value));
    }

    void field(std::string_view name, std::string_view value) {
        key(name);
        string(value);
    }
    template <class T>
    void number_field(std::string_view name, T value) {
        key(name);
        number(value);
    }
    void strings_field(std::string_view name, const std::vector<std::string>& values);

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    void separate() {
        if (!fresh_) text_ += ',';
        fresh_ = false;
    }
    std::string text_;
    bool fresh_ = true;
};

/// The whole of a small file; empty when it cannot be read.
std::string read_text(const std::string& path);
/// The lines or words of a text.
std::vector<std::string> split_text(std::string_view text, char separator);

}  // namespace probe
