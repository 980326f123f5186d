#include "common/znode_records.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <iterator>

#include "common/text.h"

namespace tymbal {
namespace {

constexpr int64_t kVersion = 1;

using Object = simdjson::dom::object;

/// The fields of a record. A field that is missing keeps what its type begins with; one of another
/// type is damage.
class Fields {
 public:
  explicit Fields(Object object) : object_(object) {}

  void Read(const char* key, std::string* text) {
    std::string_view found;
    if (Take(key, &found)) *text = found;
  }
  void Read(const char* key, int64_t* number) { Take(key, number); }
  void Read(const char* key, uint64_t* number) { Take(key, number); }
  void Read(const char* key, bool* flag) { Take(key, flag); }
  template <typename Narrow>
  void ReadNarrow(const char* key, Narrow* number) {
    int64_t wide = 0;
    if (!Take(key, &wide)) return;
    *number = static_cast<Narrow>(wide);
    if (static_cast<int64_t>(*number) != wide) damaged_ = key;
  }
  const char* damaged() const { return damaged_; }

 private:
  template <typename T>
  bool Take(const char* key, T* value) {
    simdjson::dom::element element;
    if (object_[key].get(element) != simdjson::SUCCESS) return false;
    if (element.get(*value) == simdjson::SUCCESS) return true;
    damaged_ = key;
    return false;
  }

  Object object_;
  const char* damaged_ = nullptr;
};

template <typename T>
Result<T> Decode(std::string_view text, void (*read)(Object object, Fields* fields, T* value)) {
  simdjson::dom::parser parser;
  Object object;
  if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS) {
    return Internal("it holds no JSON object");
  }
  Fields fields(object);
  int64_t version = 0;
  fields.Read("v", &version);
  if (version != kVersion) {
    return Internal(fmt::format("its format is {}, this tymbal knows {}", version, kVersion));
  }
  T value;
  read(object, &fields, &value);
  if (fields.damaged() != nullptr) {
    return Internal(fmt::format("its field {} is damaged", fields.damaged()));
  }
  return value;
}

void ReadFragments(Object object, Fields* fields, Task* task) {
  simdjson::dom::array list;
  if (object["fragments"].get(list) != simdjson::SUCCESS) return;
  for (const simdjson::dom::element element : list) {
    Object one;
    if (element.get(one) != simdjson::SUCCESS) continue;
    Fields parts(one);
    TaskFragment& fragment = task->fragments.emplace_back();
    parts.ReadNarrow("no", &fragment.no);
    parts.Read("node", &fragment.node.value);
    parts.Read("token", &fragment.token.value);
    parts.ReadNarrow("from", &fragment.slots.from);
    parts.ReadNarrow("to", &fragment.slots.to);
    if (parts.damaged() != nullptr) fields->ReadNarrow("fragments", &fragment.no);  // Notes damage.
  }
}

}  // namespace

std::string EncodeMember(const Member& member) {
  return fmt::format(
      R"({{"v":{},"node":{},"incarnation":{},"host":{},"machine":{},"pid":{},"version":{},"parallelism":{},)"
      R"("http":{},"clock_ms":{},"running":{},"spans_read":{}}})",
      kVersion, JsonQuote(member.node.value), JsonQuote(member.incarnation), JsonQuote(member.host),
      JsonQuote(member.machine), member.pid, JsonQuote(member.version), member.parallelism,
      JsonQuote(member.http), member.clock_ms, member.running, member.spans_read);
}

Result<Member> DecodeMember(std::string_view text) {
  return Decode<Member>(text, [](Object /*object*/, Fields* fields, Member* member) {
    fields->Read("node", &member->node.value);
    fields->Read("incarnation", &member->incarnation);
    fields->Read("host", &member->host);
    fields->Read("machine", &member->machine);
    fields->Read("pid", &member->pid);
    fields->Read("version", &member->version);
    fields->ReadNarrow("parallelism", &member->parallelism);
    fields->Read("http", &member->http);
    fields->Read("clock_ms", &member->clock_ms);
    fields->ReadNarrow("running", &member->running);
    fields->Read("spans_read", &member->spans_read);
  });
}

std::string EncodeMaster(const MasterRecord& master) {
  return fmt::format(R"({{"v":{},"node":{},"incarnation":{},"epoch":{},"since_ms":{}}})", kVersion,
                     JsonQuote(master.node.value), JsonQuote(master.incarnation),
                     master.epoch.value, master.since_ms);
}

Result<MasterRecord> DecodeMaster(std::string_view text) {
  return Decode<MasterRecord>(text, [](Object /*object*/, Fields* fields, MasterRecord* master) {
    fields->Read("node", &master->node.value);
    fields->Read("incarnation", &master->incarnation);
    fields->Read("epoch", &master->epoch.value);
    fields->Read("since_ms", &master->since_ms);
  });
}

std::string EncodeTask(const Task& task) {
  std::string text = fmt::format(
      R"({{"v":{},"epoch":{},"run":{},"start_ms":{},"end_ms":{},"slots":{},"fragments":[)",
      kVersion, task.epoch.value, task.run.value, task.period.start_ms, task.period.end_ms,
      task.slots);
  for (const TaskFragment& fragment : task.fragments) {
    if (text.back() != '[') text += ',';
    fmt::format_to(std::back_inserter(text),
                   R"({{"no":{},"from":{},"to":{},"node":{},"token":{}}})", fragment.no,
                   fragment.slots.from, fragment.slots.to, JsonQuote(fragment.node.value),
                   fragment.token.value);
  }
  return text + "]}";
}

Result<Task> DecodeTask(std::string_view text) {
  return Decode<Task>(text, [](Object object, Fields* fields, Task* task) {
    fields->Read("epoch", &task->epoch.value);
    fields->Read("run", &task->run.value);
    fields->Read("start_ms", &task->period.start_ms);
    fields->Read("end_ms", &task->period.end_ms);
    fields->ReadNarrow("slots", &task->slots);
    ReadFragments(object, fields, task);
  });
}

std::string EncodeProgress(const Progress& progress) {
  return fmt::format(R"({{"v":{},"token":{},"failure":{}}})", kVersion, progress.token.value,
                     JsonQuote(progress.failure));
}

Result<Progress> DecodeProgress(std::string_view text) {
  return Decode<Progress>(text, [](Object /*object*/, Fields* fields, Progress* progress) {
    fields->Read("token", &progress->token.value);
    fields->Read("failure", &progress->failure);
  });
}

std::string EncodeControl(const Control& control) {
  return fmt::format(R"({{"v":{},"paused":{},"reason":{},"since_ms":{}}})", kVersion,
                     control.paused, JsonQuote(control.reason), control.since_ms);
}

Result<Control> DecodeControl(std::string_view text) {
  return Decode<Control>(text, [](Object /*object*/, Fields* fields, Control* control) {
    fields->Read("paused", &control->paused);
    fields->Read("reason", &control->reason);
    fields->Read("since_ms", &control->since_ms);
  });
}

std::string EncodeEpoch(Epoch epoch) { return fmt::to_string(epoch.value); }

Result<Epoch> DecodeEpoch(std::string_view text) {
  Epoch epoch;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, epoch.value);
  if (error != std::errc() || rest != end) return Internal("it holds no number");
  return epoch;
}

std::string ZnodeName(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' ||
                       (c == '.' && text.find_first_not_of('.') != text.npos);
    if (plain) {
      name += c;
    } else {
      fmt::format_to(std::back_inserter(name), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return name.empty() ? "%" : name;
}

}  // namespace tymbal
