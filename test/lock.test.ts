import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Entry {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const text = read('package-lock.json');
const lock: { lockfileVersion: number; packages: Record<string, Entry> } = JSON.parse(text);
const manifest: Entry = JSON.parse(read('package.json'));
/** Packages that lie in this repository: a link in node_modules, and the folder that it leads to. */
const ours = new Set(
  Object.entries(lock.packages)
    .filter(([, { link }]) => link)
    .flatMap(([name, { resolved }]) => [name, `${resolved}`]),
);
const entries = Object.entries(lock.packages).filter(([name]) => !ours.has(name));

/** Where Node finds a package that the one at `from` requires: below it, or below a package that holds it. */
function resolved(from: string, name: string): string | undefined {
  // node_modules/a/node_modules/b is ['', 'a', 'b'].
  const holders = from === '' ? [''] : from.split(/(?:^|\/)node_modules\//);
  return holders
    .map((_, i) => [...holders.slice(0, holders.length - i), name].join('/node_modules/').slice(1))
    .find((candidate) => candidate in lock.packages);
}

describe('package-lock.json', () => {
  it('holds no address: the registry is whatever npm is told to use', () => {
    expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name)).toEqual([]);
    // Addresses for people, of funding pages, are in `funding` and nowhere else.
    const bare = JSON.stringify(lock, (key, value) => (key === 'funding' ? undefined : value));
    expect(bare.match(/\b(?:https?|git(?:\+\w+)?|file):[^"]*/g) ?? []).toEqual([]);
    expect(read('.npmrc')).toMatch(/^omit-lockfile-registry-resolved=true$/m);
  });

  it('links to folders of this repository alone', () => {
    expect(ours.size).toBeGreaterThan(0);
    for (const name of ours) expect(name).toMatch(/^(?:node_modules|packages)\/[a-z-]+$/);
    for (const name of ours) expect(lock.packages[name], name).toBeDefined();
  });

  it('names the content of every package', () => {
    for (const [name, { integrity, version }] of entries) {
      if (name === '') continue;
      expect(integrity, name).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
    }
  });

  it.each(['dependencies', 'optionalDependencies'] as const)(
    'holds the %s of every package, whatever the platform',
    (kind) => {
      const missing = entries.flatMap(([from, entry]) =>
        Object.keys(entry[kind] ?? {})
          .filter((name) => resolved(from, name) === undefined)
          .map((name) => `${name}, for ${from || 'the package itself'}`),
      );
      expect(missing).toEqual([]);
    },
  );

  it('holds the binaries of all platforms, not of the machine that wrote it', () => {
    const platforms = entries.filter(([name]) =>
      /^node_modules\/@img\/sharp-(linux|darwin|win32)-\w+$/.test(name),
    );
    expect(platforms.map(([name]) => name)).toEqual(
      expect.arrayContaining(
        ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64'].map((p) => `node_modules/@img/sharp-${p}`),
      ),
    );
  });

  it.each(['dependencies', 'devDependencies', 'optionalDependencies'] as const)(
    'agrees with package.json on its %s',
    (kind) => {
      expect(lock.packages['']![kind]).toEqual(manifest[kind]);
    },
  );
});
