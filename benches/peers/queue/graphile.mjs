// graphile-worker: jobs that do nothing, ten at once. REDIS POSTGRES TASKS SINGLE; see README.md.
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { run, makeWorkerUtils, Logger } = require("graphile-worker");
const { Pool } = require("pg");
const [, address, tasks, count] = process.argv.slice(2);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const logger = new Logger(() => () => {});

let told = () => {}, done = 0, finished = () => {};
const taskList = {
    single: (payload) => told(performance.timeOrigin + performance.now() - payload.exact),
    nothing: () => { if (++done === Number(tasks)) finished(); },
};
const start = () => run({ connectionString: address, concurrency: 10, noHandleSignals: true, pollInterval: 1000, taskList, logger });
const utils = await makeWorkerUtils({ connectionString: address, logger });
await utils.migrate();

let runner = await start();
const waits = [];
for (let number = 0; number < Number(count) + 20; number++) {
    const wait = new Promise((resolve) => (told = resolve));
    await utils.addJob("single", { exact: performance.timeOrigin + performance.now() });
    waits.push(await wait);
    await pause(20);
}
await runner.stop();
const sorted = waits.slice(20).sort((a, b) => a - b);

const pool = new Pool({ connectionString: address });
await pool.query("SELECT graphile_worker.add_job('nothing', '{}'::json) FROM generate_series(1, $1)", [Number(tasks)]);
const all = new Promise((resolve) => (finished = resolve));
const begin = performance.now();
runner = await start();
await all;
const seconds = (performance.now() - begin) / 1e3;
await runner.stop();
console.log(JSON.stringify({ p50: sorted[sorted.length >> 1], p99: sorted[Math.floor(sorted.length * 0.99)], throughput: tasks / seconds }));
process.exit(0);
