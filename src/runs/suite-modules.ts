import { existsSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkConfined } from '../bytes/confine.js';
import { checkRegular } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import type { Suite } from '../suites/contract.js';

/** Where suites besides the built-in ones come from. */
export interface SuiteSources {
  plugins: readonly string[];
  /** Where paths of plugins start. */
  directory: string;
  /** The file that names the plugins, for messages. */
  file: string;
}

/**
 * Loads suites from modules named in a run file: a path (it has a file's ending or starts with a dot or slash) or
 * an npm package, both sought from the run file's folder. Every export that is a suite counts, lists of them too.
 * Errors: `file-unreadable`, `suite-failed` (it does not load, it exports no suite).
 */
export async function loadSuites(
  plugins: readonly string[],
  { directory, file }: { directory: string; file: string },
): Promise<Suite[]> {
  if (plugins.length > 0) lendOurModules();
  const suites: Suite[] = [];
  for (const [i, plugin] of plugins.entries()) {
    const where = { file, path: `plugins[${i}]` };
    const target = locate(plugin, directory, where);
    checkConfined(target, where);
    checkRegular(target);
    let exported: Record<string, unknown>;
    try {
      exported = (await import(pathToFileURL(target).href)) as Record<string, unknown>;
    } catch (cause) {
      throw new AssayError('suite-failed', `the plugin "${plugin}" does not load`, {
        ...where,
        found: cause instanceof Error ? cause.message : String(cause),
        hint: `run \`node ${target}\` to see where it fails`,
        cause,
      });
    }
    const found = Object.values(exported).flat().filter(isSuite);
    if (found.length === 0)
      throw new AssayError('suite-failed', `the plugin "${plugin}" exports no suite`, {
        ...where,
        expected:
          'an export made by defineSuite({ name, title, description, options, needs, plan, summarise })',
        found: `the exports ${Object.keys(exported).join(', ') || '(none)'}`,
        hint: 'export it: `export const suite = defineSuite({ ... })`',
      });
    // The same suite may be exported by name and as the default.
    suites.push(...new Set(found));
  }
  return suites;
}

function locate(plugin: string, directory: string, where: { file: string; path: string }): string {
  if (/^[./~]|^[A-Za-z]:\\|\.[cm]?[jt]s$/.test(plugin)) {
    const target = resolve(directory, plugin);
    checkConfined(target, where);
    if (!existsSync(target))
      throw new AssayError('file-unreadable', `there is no plugin "${plugin}"`, {
        ...where,
        expected: target,
        hint: 'paths start at the folder of the run file',
      });
    if (/^\.[cm]?ts$/.test(extname(target)) && !stripsTypes())
      throw new AssayError('suite-failed', 'this Node does not run TypeScript', {
        ...where,
        expected: 'Node 22.18 or newer for a .ts plugin',
        found: process.version,
        hint: `compile it first and name the .js file, or write it as .mjs`,
      });
    return target;
  }
  try {
    return createRequire(resolve(directory, 'package.json')).resolve(plugin);
  } catch (cause) {
    throw new AssayError('file-unreadable', `the package "${plugin}" is not installed`, {
      ...where,
      hint: `run \`npm install ${plugin}\` in ${directory}, or give a path that starts with ./`,
      cause,
    });
  }
}

const stripsTypes = () => 'typescript' in process.features && Boolean(process.features.typescript);

function isSuite(value: unknown): value is Suite {
  if (typeof value !== 'object' || value === null) return false;
  const suite: Record<string, unknown> = { ...value };
  return (
    typeof suite.name === 'string' &&
    typeof suite.title === 'string' &&
    typeof suite.description === 'string' &&
    typeof suite.options === 'object' &&
    Array.isArray(suite.needs) &&
    typeof suite.plan === 'function' &&
    typeof suite.summarise === 'function'
  );
}

let lent = false;

/**
 * Lets a plugin `import ... from 'assay'` and `'@sinclair/typebox'` without installing them: what its own folder does
 * not resolve is resolved from here.
 */
function lendOurModules(): void {
  if (lent) return;
  lent = true;
  const hook = `
    export async function resolve(specifier, context, next) {
      try { return await next(specifier, context); }
      catch (error) {
        if (!/^(assay|@sinclair\\/typebox)(\\/|$)/.test(specifier)) throw error;
        return next(specifier, { ...context, parentURL: ${JSON.stringify(import.meta.url)} });
      }
    }`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
