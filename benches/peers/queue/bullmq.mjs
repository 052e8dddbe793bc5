// BullMQ: jobs that do nothing, by two processes. REDIS POSTGRES TASKS SINGLE; see README.md.
import { fork } from "node:child_process";
import { createRequire } from "node:module";

const { Queue, Worker } = createRequire(process.cwd() + "/")("bullmq");
const IORedis = createRequire(process.cwd() + "/")("ioredis");
const [address, , tasks, count] = process.argv.slice(2);
const connection = () => new IORedis(address, { maxRetriesPerRequest: null });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

if (process.env.PEER_CHILD) {
    const worker = new Worker("peer", async (job) => {
        if (job.name === "single") process.send({ wait: Date.now() - job.data.sent, exact: performance.timeOrigin + performance.now() - job.data.exact });
    }, { connection: connection(), concurrency: 50 });
    await worker.waitUntilReady();
    process.on("message", async () => { await worker.close(); process.exit(0); });
    process.send({ ready: true });
} else {
    const redis = connection();
    await redis.flushdb();
    const queue = new Queue("peer", { connection: connection(), defaultJobOptions: { removeOnComplete: true } });
    let told = () => {};
    const start = () => Promise.all([1, 2].map(() => new Promise((ready) => {
        const child = fork(process.argv[1], process.argv.slice(2), { env: { ...process.env, PEER_CHILD: "1" }, stdio: ["ignore", 2, 2, "ipc"] });
        child.on("message", (message) => (message.ready ? ready(child) : told(message.exact)));
    })));
    const stop = (children) => Promise.all(children.map((child) => new Promise((gone) => { child.on("exit", gone); child.send("stop"); })));

    let children = await start();
    const waits = [];
    for (let number = 0; number < Number(count) + 20; number++) {
        const wait = new Promise((resolve) => (told = resolve));
        await queue.add("single", { exact: performance.timeOrigin + performance.now() });
        waits.push(await wait);
        await pause(20);
    }
    await stop(children);
    const sorted = waits.slice(20).sort((a, b) => a - b);

    for (let sent = 0; sent < Number(tasks); sent += 1000) {
        await queue.addBulk(Array.from({ length: Math.min(1000, Number(tasks) - sent) }, () => ({ name: "nothing", data: {} })));
    }
    await queue.pause();
    children = await start();
    const begin = performance.now();
    await queue.resume();
    while (true) {
        const counts = await queue.getJobCounts("waiting", "active", "paused", "prioritized");
        if (Object.values(counts).every((waiting) => waiting === 0)) break;
        await pause(5);
    }
    const seconds = (performance.now() - begin) / 1e3;
    await stop(children);
    console.log(JSON.stringify({ p50: sorted[sorted.length >> 1], p99: sorted[Math.floor(sorted.length * 0.99)], throughput: tasks / seconds }));
    process.exit(0);
}
