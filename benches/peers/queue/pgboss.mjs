// pg-boss: jobs that do nothing, in batches of 500, looked for every half second (its least). REDIS POSTGRES TASKS SINGLE; see README.md.
import { createRequire } from "node:module";

const PgBoss = createRequire(process.cwd() + "/")("pg-boss");
const [, address, tasks, count] = process.argv.slice(2);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const boss = new PgBoss({ connectionString: address, schema: "pgboss" });
boss.on("error", (error) => console.error(error));
await boss.start();
await boss.createQueue("single");
await boss.createQueue("nothing");

let told = () => {};
await boss.work("single", { pollingIntervalSeconds: 0.5 }, async ([job]) => told(performance.timeOrigin + performance.now() - job.data.exact));
const waits = [];
// Each waits for the next look: a tenth of them says the same.
for (let number = 0; number < Number(count) / 10; number++) {
    const wait = new Promise((resolve) => (told = resolve));
    await boss.send("single", { exact: performance.timeOrigin + performance.now() });
    waits.push(await wait);
    await pause(20);
}
await boss.offWork("single");
waits.sort((a, b) => a - b);

for (let sent = 0; sent < Number(tasks); sent += 1000) {
    await boss.insert(Array.from({ length: Math.min(1000, Number(tasks) - sent) }, () => ({ name: "nothing", data: {} })));
}
let done = 0, finished = () => {};
const all = new Promise((resolve) => (finished = resolve));
const begin = performance.now();
for (const _ of [1, 2]) {
    await boss.work("nothing", { batchSize: 500, pollingIntervalSeconds: 0.5 }, async (jobs) => {
        done += jobs.length;
        if (done >= Number(tasks)) finished();
    });
}
await all;
const seconds = (performance.now() - begin) / 1e3;
console.log(JSON.stringify({ p50: waits[waits.length >> 1], p99: waits[Math.floor(waits.length * 0.99)], throughput: tasks / seconds }));
process.exit(0);
