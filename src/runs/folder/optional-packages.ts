import { createRequire } from 'node:module';
import { AssayError, type ErrorCode } from '../../errors.js';

/** Optional peers of this package, by name, with the ranges that package.json allows. */
export type OptionalPackages = Readonly<Record<string, string>>;

/** What puts them where Assay finds them. */
export const installing = (packages: OptionalPackages): string =>
  `npm install ${Object.entries(packages)
    .map(([name, version]) => `${name}@${version}`)
    .join(' ')}`;

/** The version of the first, where all are installed; otherwise those that are not. */
export function foundOf(packages: OptionalPackages): { version: string } | { missing: string[] } {
  const found = Object.keys(packages).map((name) => ({ name, version: versionOf(name) }));
  const missing = found.filter(({ version }) => version === undefined).map(({ name }) => name);
  return missing.length > 0 ? { missing } : { version: found[0]?.version ?? '' };
}

const require = createRequire(import.meta.url);

/** The version that is installed; undefined where none is. */
function versionOf(name: string): string | undefined {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** Errors: `code` where one of the packages is absent, with the command that installs them. */
export function requirePackages(packages: OptionalPackages, code: ErrorCode, by: string): void {
  const found = foundOf(packages);
  if ('version' in found) return;
  const names = Object.keys(packages);
  throw new AssayError(code, `what ${by} needs is not installed`, {
    expected: `the package${names.length > 1 ? 's' : ''} ${names.join(' and ')}, which Assay does not install by itself`,
    found: `no ${found.missing.join(', no ')}`,
    hint: `\`${installing(packages)}\` where Assay is installed, with \`-g\` if that is for all projects`,
  });
}
