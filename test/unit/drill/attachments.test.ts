import assert from "node:assert/strict";
import { moveIn, type Sample } from "../../../workbench/lab/drill/attachments";
import { PROVISIONER } from "../../../workbench/lab/nodes";
import { type Attachment, attachmentOf } from "../../../workbench/lab/volumes/attachment";

function attachment(nodeName: string, attached: boolean, deletionTimestamp?: string): Attachment {
  const found = attachmentOf({
    metadata: { name: nodeName, ...(deletionTimestamp !== undefined && { deletionTimestamp }) },
    spec: { attacher: PROVISIONER, nodeName, source: { persistentVolumeName: "pvc-1" } },
    status: { attached },
  });
  assert.ok(found);
  return found;
}
const series = (...states: readonly (readonly Attachment[])[]): Sample[] =>
  states.map((attachments, index) => ({ at: index * 500, attachments }));

describe("a disk's move", () => {
  const old = attachment("old", true);
  const leaving = attachment("old", true, "2026-11-26T00:00:00Z");

  it("lasts from the wish to detach it until it is attached elsewhere", () => {
    const samples = series(
      [old],
      [old],
      [leaving],
      [],
      [attachment("new", false)],
      [attachment("new", true)],
      [attachment("new", true)],
    );
    assert.deepEqual(moveIn(samples), { from: "old", to: "new", seconds: 1.5 });
  });

  it("is none while it stays, only leaves, or was nowhere before", () => {
    for (const samples of [
      [],
      series([old], [old]),
      series([old], [leaving], []),
      series([], [attachment("new", true)]),
      series([old], [leaving], [attachment("new", false)]),
    ]) {
      assert.equal(moveIn(samples), undefined);
    }
  });
});
