import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { image } from "../../image/oci";
import { tar } from "../../image/tar";

/** Name of the image that holds a pod's namespaces. No registry has it: it is imported into every node. */
export const PAUSE_REFERENCE = "lab.trading/pause:1";

/** The image's archive, made beside its program where it is not there yet. */
export function pauseImage(folder: string): string {
  const file = join(folder, "image.tar");
  if (!existsSync(file)) {
    const program = readFileSync(join(folder, "pause"));
    const layer = tar([{ kind: "file", path: "pause", mode: 0o755, data: program }]);
    const { archive } = image({
      layers: [layer],
      config: { entrypoint: ["/pause"], user: "65535:65535" },
      reference: () => PAUSE_REFERENCE,
    });
    writeFileSync(file, archive);
  }
  return file;
}
