// Writes the process's own peak memory where the benchmark looks for it: the operating system tells a parent nothing
// about a child that it did not start through wait4.
const { writeFileSync } = require("node:fs");

const report = process.env.BENCH_MEMORY_REPORT;
if (report) process.on("exit", () => writeFileSync(report, String(process.resourceUsage().maxRSS)));
