// @module-tag slow
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { namedSets } from '../../src/pull/registry.js';
import { served } from '../fetch/server.js';
import { assay, cramped, folder, obeyed, start } from './assay.js';

const MNIST = namedSets.named('mnist');
const IMAGES = MNIST.files[0]!;
const PART = join('data', 'mnist.part', `${IMAGES.name}.part`);

it('a download that is interrupted ends with 130, and goes on where it was', async () => {
  const at = folder();
  let sent = false;
  const { url, asked } = await served((request, response) => {
    if (request.headers.range) return response.writeHead(404).end();
    response.writeHead(200, { 'content-length': IMAGES.size, etag: '"it"' });
    response.write(Buffer.alloc(100_000, 1), () => {
      sent = true;
    });
  });
  const args = ['data', 'pull', 'mnist', '--mirror', url];
  const { child, ended } = start(args, at);
  await vi.waitUntil(() => sent && existsSync(join(at, PART)) && statSync(join(at, PART)).size === 100_000, {
    timeout: 60_000,
  });
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect([code, stderr]).toEqual([
    130,
    expect.stringMatching(/stopped by SIGINT.*run the same command again/s),
  ]);
  expect(readdirSync(join(at, 'data', 'mnist.part')).sort()).toEqual([
    `${IMAGES.name}.part`,
    `${IMAGES.name}.part.version`,
  ]);
  const again = await obeyed(args, at);
  expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/download-failed.*status 404/s)]);
  expect(asked.at(-1)?.headers).toMatchObject({ range: 'bytes=100000-', 'if-range': '"it"' });
});

it('a full disk is told, and what was fetched is kept', async () => {
  const at = folder();
  const { url } = await served((_, response) => {
    response.writeHead(200, { 'content-length': IMAGES.size });
    response.end(Buffer.alloc(IMAGES.size, 1));
  });
  const { code, stderr } = await cramped(['data', 'pull', 'mnist', '--mirror', url], at, 512);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/output-unwritable.*the disk is full.*--out/s)]);
  expect(statSync(join(at, PART)).size).toBeGreaterThan(100_000);
});

it('goes through the proxies of the environment', async () => {
  const { url, asked } = await served((_, response) => response.writeHead(403).end());
  const { code, stderr } = await assay(['data', 'pull', 'fashion-mnist'], folder(), {
    HTTP_PROXY: url.replace('//', '//me:secret@'),
    HTTPS_PROXY: 'http://127.0.0.1:9',
    http_proxy: '',
    https_proxy: '',
    NO_PROXY: '',
    no_proxy: '',
  });
  expect(code).toBe(2);
  expect(asked[0]!.url).toMatch(/^http:\/\/fashion-mnist\..*\/t10k-images-idx3-ubyte\.gz$/);
  expect(asked[0]!.headers['proxy-authorization']).toMatch(/^Basic /);
  expect(stderr).toMatch(/status 403.*also.*github\.com.*ECONNREFUSED/s);
  expect(stderr).not.toMatch(/secret/);
});

const openssl = (() => {
  try {
    return execFileSync('openssl', ['version'], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
})();

it.skipIf(!openssl)('trusts a mirror with a certificate of its own when it is told to', async () => {
  const at = folder();
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(at, name)) as [string, string];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ],
    { stdio: 'ignore' },
  );
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
    response.writeHead(404).end(),
  );
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  onTestFinished(() => void server.close());
  const mirror = `https://localhost:${(server.address() as AddressInfo).port}`;
  const pull = (env: NodeJS.ProcessEnv) =>
    assay(['data', 'pull', 'mnist'], at, { ASSAY_DATA_MIRROR: mirror, ...env });
  const [unknown, told] = [await pull({}), await pull({ NODE_EXTRA_CA_CERTS: cert })];
  expect(unknown.stderr).toMatch(/self-signed certificate.*NODE_EXTRA_CA_CERTS/s);
  expect(told.stderr).toMatch(/status 404/);
});

it('a set that is there is checked, and what a run file says of it is printed', async () => {
  const at = folder();
  const to = join(at, 'data', 'mnist');
  mkdirSync(to, { recursive: true });
  writeFileSync(
    join(to, 'pulled.json'),
    JSON.stringify({ set: 'mnist', sources: MNIST.files, entries: [], files: [] }),
  );
  const { code, stdout } = await obeyed(['data', 'pull', 'mnist', 'mnist'], at);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/was there, checked.*licence.*cite/s)]);
  expect(parse(stdout.slice(stdout.indexOf('datasets:')))).toEqual({
    datasets: {
      test: { path: './data/mnist/t10k-images-idx3-ubyte' },
      train: { path: './data/mnist/train-images-idx3-ubyte', role: 'train' },
    },
  });
});

it.each<[string[], RegExp]>([
  [['pull'], /which data sets to pull is not said.*cifar10/s],
  [['pull', 'cifar11'], /did you mean "cifar10"/],
  [['pull', 'mnist', '--mirror', 'gopher://x/'], /no address of a server/],
  [['pull', 'mnist', '--mirror', './nowhere'], /the mirror does not have the file/],
  [['list', 'mnist'], /assay data pull mnist/],
  [['push'], /Allowed choices are list, pull/],
])('data %j: refused', async (args, told) => {
  const { code, stderr } = await obeyed(['data', ...args], folder());
  expect([code, stderr]).toEqual([2, expect.stringMatching(told)]);
});

it.each(['cifar10-p', 'CIFAR-10-P'])('%s is fetched by hand, which is told', async (name) => {
  expect(await obeyed(['data', 'pull', name], folder())).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/nobody publishes its SHA-256[\s\S]*zenodo[\s\S]*`consistency`/),
  });
});

it('lists what there is', async () => {
  const text = (await obeyed(['data', 'list'], folder())).stdout;
  const json = JSON.parse((await obeyed(['data', 'list', '--json'], folder())).stdout);
  expect(json.map(({ name }: { name: string }) => name)).toEqual([...namedSets.names]);
  for (const { name, title } of namedSets) for (const part of [name, title]) expect(text).toContain(part);
});
