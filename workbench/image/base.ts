import type { DebianPackage } from "./debian";
import type { TarEntry } from "./tar";

const LIBRARIES = "lib/x86_64-linux-gnu";

/** The C library, and what else Node is linked against: Debian 12, as the distroless images have it. */
export const NODE_LIBRARIES: readonly DebianPackage[] = [
  {
    name: "libc6",
    version: "2.36-9+deb12u14",
    sha256: "ba4f88f73dbc3ae9055f3c20f4523bfdbaf1ad13ff95e258924f77d20b4fbedf",
    files: {
      "lib64/ld-linux-x86-64.so.2": `${LIBRARIES}/ld-linux-x86-64.so.2`,
      ...Object.fromEntries(
        // The last one finds users and hosts for the first.
        ["libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "libnss_dns.so.2"].map(
          (name) => [`${LIBRARIES}/${name}`, `${LIBRARIES}/${name}`],
        ),
      ),
    },
  },
  {
    name: "libstdc++6",
    version: "12.2.0-14+deb12u1",
    sha256: "5cd3171216d4ab0fc911cfe9c35509bf2dd8f47761c43b7f6a4296701551a24d",
    files: { [`${LIBRARIES}/libstdc++.so.6`]: "usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30" },
  },
  {
    name: "libgcc-s1",
    version: "12.2.0-14+deb12u1",
    sha256: "3016e62cb4b7cd8038822870601f5ed131befe942774d0f745622cc77d8a88f7",
    files: { [`${LIBRARIES}/libgcc_s.so.1`]: `${LIBRARIES}/libgcc_s.so.1` },
  },
];

/** The user whom the stack's pods name, and folders that programs expect. */
export const SYSTEM_FILES: readonly TarEntry[] = [
  { kind: "folder", path: "etc", mode: 0o755 },
  text("etc/passwd", "root:x:0:0:root:/:/none\nengine:x:10001:10001:engine:/:/none\n"),
  text("etc/group", "root:x:0:\nengine:x:10001:\n"),
  text("etc/nsswitch.conf", "hosts: files dns\n"),
  { kind: "folder", path: "tmp", mode: 0o1777 },
  { kind: "folder", path: "data", mode: 0o777 },
];

/** The layer of both, as it was when its packages were pinned. */
export const NODE_BASE = {
  digest: "sha256:ddef975d3bcdc6cede8d7d06b92aa6d18fb62fbd9f5286ef3178184757b697a7",
  size: 5_485_568,
} as const;

function text(path: string, content: string): TarEntry {
  return { kind: "file", path, mode: 0o644, data: Buffer.from(content) };
}
