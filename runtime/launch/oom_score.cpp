#include "runtime/launch/oom_score.hpp"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/init/trusted_proc.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

constexpr const char* score_file = "self/oom_score_adj";
constexpr std::size_t longest_score = 16;

Result<std::string> read_score(BorrowedFd proc) {
    const Fd file = TRY(open_proc(proc, score_file, O_RDONLY));
    return std::string(oci::trim(TRY(oci::read_all(file, longest_score))));
}

}  // namespace

Result<OomScore> OomScore::take(const ProcessPlan* plan, BorrowedFd proc) {
    OomScore score;
    if (plan == nullptr || !plan->oom_score_adjustment) return score;
    const std::string wanted = std::to_string(*plan->oom_score_adjustment);
    score.own_ = TRY(read_score(proc).in("process.oomScoreAdj"));
    if (score.own_ == wanted) return score;
    Result<void> written;
    auto file = open_proc(proc, score_file, O_WRONLY);
    if (file) {
        written = oci::write_all(*file, wanted);
    } else {
        written = file.error();
    }
    if (written) {
        score.file_ = std::move(*file);
        return score;
    }
    if (written.error().system_errno == EACCES && plan->oom_score_may_fail) return score;
    return std::move(written)
        .in("/proc/self/oom_score_adj (value " + oci::quote(wanted) + ")")
        .in("process.oomScoreAdj")
        .error();
}

void OomScore::give_back() {
    if (!file_) return;
    // Back to a value that was in force: the kernel never refuses it.
    static_cast<void>(oci::write_all(*file_, own_).has_value());
    file_.reset();
}

OomScore::OomScore(OomScore&& other) noexcept
    : file_(std::exchange(other.file_, std::nullopt)), own_(std::move(other.own_)) {}

OomScore::~OomScore() {
    give_back();
}

}  // namespace ocirun
