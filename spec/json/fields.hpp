#pragma once
// How a struct lists its JSON properties, once, for reading and for writing.
//
//     template <>
//     struct FieldsOf<Root> {
//         static constexpr const char* section = "config.md \"Root\"";
//         static void list(auto& fields, auto& self) {
//             fields.required("path", self.path);
//             fields.optional("readonly", self.readonly);
//         }
//     };
//
//   required   reading: absent (or null) is a finding.     writing: always written.
//   optional   reading: absent (or null) leaves the member alone. writing: left out when it has no
//              value: an empty optional, string, array or map, false, or zero.
//   always     reading: as optional.                       writing: always written.
//
// Members may be bool, integers, std::string, another listed struct, and std::vector, std::optional
// and std::map<std::string, T> of these. Properties are written in the listed order; properties that
// are not listed are ignored on reading (runtime-spec config.md "Extensibility").

namespace oci::spec {

template <class Struct>
struct FieldsOf;

}  // namespace oci::spec
