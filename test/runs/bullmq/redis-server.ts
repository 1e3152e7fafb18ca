import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const isInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** Whether tests of queues are left out: they say so loudly, and CI may not. */
export function withoutRedis(): boolean {
  if (isInstalled) return false;
  if (process.env.ASSAY_REQUIRE_REDIS)
    throw new Error('redis-server is not installed: apt-get install redis-server');
  console.warn(
    '\n!!! redis-server is not installed (apt-get install redis-server): queues are NOT tested !!!\n',
  );
  return true;
}

export interface RedisServer {
  url: string;
  port: number;
  folder: string;
  /** As when its machine loses power. */
  kill(): Promise<void>;
  /** As when its network drops everything: connections stay, and nothing answers. */
  freeze(): void;
  /** With what it had written. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A server of its own, on a port that was free, which writes down every command before it answers. */
export async function redisServer({
  password,
  options = [],
}: {
  password?: string;
  options?: readonly string[];
} = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-redis-'));
  const port = await freePort();
  let child: ChildProcess;
  const start = async () => {
    const kept = ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const secret = password === undefined ? [] : ['--requirepass', password];
    const own = ['--port', String(port), '--bind', '127.0.0.1', ...kept, ...secret, ...options];
    child = spawn('redis-server', own, { stdio: 'ignore' });
    await listening(child, port);
  };
  const kill = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    url: `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
    port,
    folder,
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    restart: start,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (answered) return;
    await sleep(20);
  }
}
