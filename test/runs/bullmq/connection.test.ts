import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AssayError } from '../../../src/errors.js';
import { queueAddress } from '../../../src/runs/bullmq/address.js';
import { connectQueue } from '../../../src/runs/bullmq/connection.js';
import { type RedisServer, redisServer, withoutRedis } from './redis-server.js';

describe.skipIf(withoutRedis())('a connection to a queue', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await redisServer({ password: 'hush-hush', options: ['--maxmemory-policy', 'allkeys-lru'] });
  });
  afterAll(() => server.stop());

  const refused = async (url: string): Promise<string> => {
    const thrown = await connectQueue(queueAddress(url, {})).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(AssayError);
    const error = thrown as AssayError;
    expect(error.code).toBe('queue-failed');
    expect(`${error.explain()}${error.stack}`).not.toMatch(/hush|wrong-one/);
    return error.explain();
  };

  it('is waited for where asked, but not where the server refuses it, and not for ever', async () => {
    const late = await redisServer();
    onTestFinished(() => late.stop());
    await late.kill();
    const address = queueAddress(late.url, {});
    const connecting = connectQueue(address, { signal: () => undefined });
    await expect(connectQueue(address, { signal: () => AbortSignal.timeout(400) })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await late.restart();
    const { client } = await connecting;
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
    await expect(
      connectQueue(queueAddress(`redis://127.0.0.1:${server.port}`, {}), { signal: () => undefined }),
    ).rejects.toMatchObject({ code: 'queue-failed', message: expect.stringContaining('does not accept') });
  });

  it('warns of a server that forgets what it holds', async () => {
    const { client, warnings } = await connectQueue(queueAddress(server.url, {}));
    client.disconnect();
    expect(warnings).toEqual([expect.stringContaining('maxmemory-policy noeviction')]);
  });

  it.each([
    [(port: number) => `redis://:wrong-one@127.0.0.1:${port}`, 'does not accept this name and password'],
    [(port: number) => `redis://127.0.0.1:${port}`, 'does not accept this name and password'],
    [(port: number) => `redis://hush-hush:wrong-one@127.0.0.1:${port}`, 'does not accept'],
    [(port: number) => `redis://:hush-hush@127.0.0.1:${port}/99`, 'no database of that number'],
    [() => 'redis://:hush-hush@127.0.0.1:1', 'no server is listening'],
    [() => 'redis://:hush-hush@nowhere.invalid', 'not known here'],
  ])('tells what is wrong, and no password: %#', async (urlOf, message) => {
    const text = await refused(urlOf(server.port).replace('hush-hush:wrong-one', 'ann:wrong-one'));
    expect(text).toContain(message);
  });
});
