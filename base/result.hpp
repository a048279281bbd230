#pragma once
// Result<T>: a value or an Error, and TRY, which unwraps the value or returns the error.

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.hpp"

namespace oci {

/// A value of type T, or the reason why there is none. The names are those of std::expected.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
    Result(Error error)
        : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// Only after has_value().
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::move(std::get<0>(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    /// Only when !has_value().
    [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

    /// The same result; an error gets "context: " in front.
    Result in(std::string_view context) && {
        if (has_value()) return std::move(*this);
        return error().in(context);
    }

private:
    std::variant<T, Error> state_;
};

/// Success without a value, or an Error. `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const {}
    [[nodiscard]] const Error& error() const { return *error_; }

    Result in(std::string_view context) && {
        if (has_value()) return std::move(*this);
        return error().in(context);
    }

private:
    std::optional<Error> error_;
};

}  // namespace oci

#define OCI_TRY_NAME_(prefix, number) prefix##number
#define OCI_TRY_NAME(prefix, number) OCI_TRY_NAME_(prefix, number)
#define OCI_TRY(expression, name)                   \
    (__extension__({                                \
        auto name = (expression);                   \
        if (!name.has_value()) return name.error(); \
        std::move(name).value();                    \
    }))
/// The value of a Result expression, or `return` with its error from the enclosing function.
#define TRY(expression) OCI_TRY(expression, OCI_TRY_NAME(oci_try_result_, __COUNTER__))
