#include "worker/index_look.h"

#include <utility>

#include "worker/read_plan.h"

namespace tymbal::worker {

Result<IndexLook> LookAtIndex(search::SearchClient* client, const SearchSourceOptions& options) {
  const Profile& profile = options.profile;
  IndexLook look;
  if (options.version) {
    look.version = *options.version;
  } else {
    TYMBAL_ASSIGN_OR_RETURN(look.version, search::AskServerVersion(client));
  }
  TYMBAL_ASSIGN_OR_RETURN(
      look.indices, search::ReadIndexSet(client, look.version, options.index, FieldsOf(profile)));
  auto layout = DescribeIndex(profile, look.indices, look.version);
  if (!layout) {
    look.no_layout = layout.error().message();
    return look;
  }
  look.layout = std::move(*layout);
  auto columns = DescribeColumns(profile, look.indices);
  if (columns) {
    look.columns = std::move(*columns);
  } else {
    look.no_columns = columns.error().message();
  }
  look.slot_read = ChooseSlotRead(profile, *look.layout);
  const Status usable = CheckSlotRead(look.slot_read, profile, *look.layout);
  if (!usable.ok()) look.no_slot_read = usable.message();
  return look;
}

}  // namespace tymbal::worker
