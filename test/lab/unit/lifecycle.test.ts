import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { down } from "../../../workbench/lab/down";
import { type LabFolder, labFolder, PROCESSES } from "../../../workbench/lab/paths";
import {
  lastWords,
  runningPid,
  startProcess,
  startTime,
  startTimeOf,
  strayPids,
} from "../../../workbench/lab/processes";
import { choosePorts, readSettings, writeSettings } from "../../../workbench/lab/settings";
import { describeStatus, isUp } from "../../../workbench/lab/status";
import { KUBERNETES } from "../../../workbench/lab/tools";
import { requireSame, requireSpace } from "../../../workbench/lab/up";
import { UserError } from "../../../workbench/offline/errors";
import { buildArguments, buildFailure } from "../../../workbench/support/go-build";

const SETTINGS = {
  stack: "dev",
  nodesPerZone: 1,
  timers: "real" as const,
  ports: { api: 40001, etcd: 40002, etcdPeer: 40003 },
};

function says(pattern: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n");
}

describe("a lab's folder and processes", () => {
  let root: string;
  let lab: LabFolder;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "lab-"));
    lab = labFolder(join(root, "state"));
    mkdirSync(lab.root);
  });
  afterEach(async () => {
    await down(lab).catch(() => undefined);
    rmSync(root, { recursive: true, force: true });
  });

  const sleeper = { name: "etcd", binary: "sleep", args: ["60"] } as const;

  it("ends what its pid files name, and leaves nothing", async () => {
    const pid = startProcess(lab, sleeper);
    assert.equal(runningPid(lab, "etcd"), pid);
    writeSettings(lab, SETTINGS);
    assert.deepEqual(await down(lab), { processes: 1, folder: true });
    assert.equal(startTime(pid), undefined);
    assert.equal(existsSync(lab.root), false);
    assert.deepEqual(await down(lab), { processes: 0, folder: false });
  });

  it("finds a process whose pid file was lost, and one that is stopped", async () => {
    const pid = startProcess(lab, sleeper);
    process.kill(pid, "SIGSTOP");
    rmSync(lab.pidFile("etcd"));
    assert.equal(runningPid(lab, "etcd"), undefined);
    assert.deepEqual(strayPids(lab, []), [pid]);
    assert.equal((await down(lab)).processes, 1);
    assert.equal(startTime(pid), undefined);
  });

  it("leaves a process alone that was given a dead one's number", async () => {
    const other = spawn("sleep", ["60"]);
    try {
      for (const record of [`${other.pid} 1 some-boot`, `${other.pid}`, "", "nonsense"]) {
        writeFileSync(lab.pidFile("etcd"), record);
        assert.equal(runningPid(lab, "etcd"), undefined, record);
      }
      assert.equal((await down(lab)).processes, 0);
      assert.equal(other.exitCode ?? other.signalCode, null);
    } finally {
      other.kill();
    }
  });

  it("keeps files that are not the lab's, and says so", async () => {
    writeSettings(lab, SETTINGS);
    writeFileSync(join(lab.root, "thesis.txt"), "years of work");
    await assert.rejects(down(lab), says(/holds files that are not the lab's \("thesis\.txt"\)/));
    assert.equal(readFileSync(join(lab.root, "thesis.txt"), "utf8"), "years of work");
    assert.equal(existsSync(lab.settings), false);
  });

  it("reads its settings back, and refuses those of another version", () => {
    assert.equal(readSettings(lab), undefined);
    assert.deepEqual(writeSettings(lab, SETTINGS), readSettings(lab));
    for (const text of ["", "{}", JSON.stringify({ layout: 0, ...SETTINGS })]) {
      writeFileSync(lab.settings, text);
      assert.throws(() => readSettings(lab), says(/another version.*lab -- down/));
    }
  });
});

describe("a start time", () => {
  it("is read behind a name that looks like fields, and a zombie has none", () => {
    const stat = (state: string): string =>
      `7 (a) b) ${state} ${Array.from({ length: 49 }, (_, i) => i + 4).join(" ")}`;
    assert.equal(startTimeOf(stat("S")), "22");
    assert.equal(startTimeOf(stat("Z")), undefined);
  });
});

describe("bad input of the lab", () => {
  it("names a port that is taken", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    try {
      await assert.rejects(choosePorts(port), says(new RegExp(`port ${port} is taken`)));
    } finally {
      server.close();
    }
    const ports = await choosePorts(undefined);
    assert.equal(new Set(Object.values(ports)).size, 3);
  });

  it("names an option that contradicts the lab that is there", () => {
    const known = { layout: 2, ...SETTINGS } as const;
    requireSame(known, { command: "up", stack: "dev", port: 40001, nodesPerZone: 1 });
    assert.throws(() => requireSame(known, { command: "up", stack: "prod" }), says(/--stack dev, not prod/));
    assert.throws(() => requireSame(known, { command: "up", port: 50000 }), says(/--port 40001, not 50000/));
  });

  it("says how much room is missing", () => {
    requireSpace("/somewhere", 2 ** 30);
    assert.throws(() => requireSpace("/somewhere", 2 ** 20), says(/needs 512 MiB and 1 are free/));
  });

  it("says why a build failed", () => {
    const full = ["# x", "write /tmp/y: no space left on device", "exit status 1"];
    assert.match(buildFailure({ title: "etcd" }, full, 1), /^etcd could not be built: the disk is full/);
    assert.match(
      buildFailure({ title: "etcd" }, ["dial tcp: refused"], 1),
      /dial tcp: refused\. Check that Go/,
    );
    assert.match(buildFailure({ title: "etcd" }, [], 2), /exit code 2/);
  });

  it("picks the complaint out of a log", () => {
    const log = "I0101 starting\nE0101 listen tcp: address already in use\nI0101 bye\n";
    assert.match(lastWords(log), /address already in use/);
    assert.equal(lastWords("one\ntwo\n"), "two");
    assert.equal(lastWords(""), "it wrote nothing");
  });
});

describe("a build", () => {
  it("makes all programs of a module at once, with their version in them", () => {
    const args = buildArguments(KUBERNETES, "/out");
    assert.deepEqual(
      args.slice(-5).map((path) => path.split("/").at(-1)),
      ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl"],
    );
    assert.ok(args.includes("/out/"));
    assert.match(args.join(" "), /gitVersion=v1\.35\.4/);
  });
});

describe("a lab's status", () => {
  const pids = Object.fromEntries(PROCESSES.map((name, index) => [name, 100 + index]));
  const settings = { layout: 2, ...SETTINGS } as const;
  const nodes = { ready: ["a", "b"], notReady: [] };

  it("tells up from incomplete, stopped and absent", () => {
    const whole = { folder: "/lab", settings, pids, nodes };
    assert.ok(isUp(whole));
    assert.match(describeStatus(whole), /^The lab is up\. \(\/lab\)/);
    assert.match(describeStatus(whole), /2 nodes are ready, all simulated/);
    const { kwok: _gone, ...rest } = pids;
    const partial = { ...whole, pids: rest, nodes: { ready: ["a"], notReady: ["b"] } };
    assert.ok(!isUp(partial));
    assert.match(describeStatus(partial), /incomplete/);
    assert.match(describeStatus(partial), /kwok +does not run/);
    assert.match(describeStatus(partial), /not ready: b/);
    const stopped = { ...whole, pids: {}, nodes: undefined };
    assert.match(describeStatus(stopped), /does not run; npm run lab -- up starts it again/);
    assert.match(describeStatus(stopped), /does not answer at https:\/\/127.0.0.1:40001/);
    assert.match(describeStatus({ ...whole, settings: undefined }), /There is no lab/);
  });
});
