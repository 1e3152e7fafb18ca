import { existsSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkConfined } from '../../bytes/confine.js';
import { checkRegular } from '../../bytes/regular-file.js';
import { AssayError } from '../../errors.js';
import type { Suite } from '../../suites/contract.js';
import { checkPlugin, isPart, isPlugin } from '../../suites/plugin.js';
import { digestOfModule } from './plugin-files.js';
import type { NamedParts } from './run-catalogue.js';

/** Where plug-ins are loaded from. */
export interface PluginSources {
  plugins: readonly string[];
  /** Where paths of plug-ins start. */
  directory: string;
  /** The file that names the plug-ins, for messages. */
  file: string;
  /** What they were when they were loaded before, by module: see `digestOfModule`. Others are refused. */
  digests?: Readonly<Record<string, string>>;
}

/** The parts that a module exports. */
export interface LoadedPlugin extends NamedParts {
  version: number;
  /** The module, as the run file names it. */
  module: string;
  /** Of the module's own files: see `digestOfModule`. */
  sha256: string;
}

/**
 * Loads the modules that a run file names: a path (it has a file's ending or starts with a dot or slash) or an npm
 * package, both sought from the run file's folder. Every export that is a plug-in counts; suites may also be exported
 * by themselves, and in lists.
 * Errors: `file-unreadable`; `plugin-invalid` (it does not load, it exports neither, a part lacks something);
 * `results-stale` where it is not what it was.
 */
export async function loadPlugins({
  plugins,
  directory,
  file,
  digests = {},
}: PluginSources): Promise<LoadedPlugin[]> {
  if (plugins.length > 0) lendOurModules();
  const loaded: LoadedPlugin[] = [];
  for (const [i, plugin] of plugins.entries()) {
    const where = { file, path: `plugins[${i}]` };
    const target = locate(plugin, directory, where);
    checkConfined(target, where);
    checkRegular(target);
    const sha256 = await digestOfModule(target);
    const before = digests[plugin];
    if (before !== undefined && before !== sha256) throw changed(plugin, { before, now: sha256 }, where);
    const parts = partsOf(await importModule(plugin, target, where), plugin, where);
    loaded.push(...parts.map((part) => ({ ...part, module: plugin, sha256 })));
  }
  return loaded;
}

/** Where plug-ins that are loaded can be loaded from again, as the same. */
export const sourcesOf = (sources: PluginSources, loaded: readonly LoadedPlugin[]): PluginSources => ({
  ...sources,
  digests: Object.fromEntries(loaded.map(({ module, sha256 }) => [module, sha256])),
});

const changed = (plugin: string, { before, now }: { before: string; now: string }, where: Place) =>
  new AssayError('results-stale', `the plug-in "${plugin}" is not what the run was measured with`, {
    ...where,
    expected: before,
    found: now,
    hint: 'its files, or those that it names by relative paths, differ: start it again, which measures nothing that is stored',
  });

async function importModule(plugin: string, target: string, where: Place): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(target).href)) as Record<string, unknown>;
  } catch (cause) {
    // What `definePlugin` refuses says itself what is wrong.
    if (cause instanceof AssayError)
      throw new AssayError(cause.code, cause.message, { ...cause.details, ...where });
    throw new AssayError('plugin-invalid', `the plugin "${plugin}" does not load`, {
      ...where,
      found: cause instanceof Error ? cause.message : String(cause),
      hint: `run \`node ${target}\` to see where it fails`,
      cause,
    });
  }
}

interface Place {
  file: string;
  path: string;
}

function partsOf(exported: Record<string, unknown>, module: string, where: Place): NamedParts[] {
  // The same part may be exported by name and as the default.
  const all = [...new Set(Object.values(exported).flat())];
  const plugins = all.filter(isPlugin);
  for (const plugin of plugins) checkPlugin(plugin, where);
  const taken = new Set(plugins.flatMap(({ suites = [] }) => suites));
  const suites = all.filter((one): one is Suite => isPart('suites', one) && !taken.has(one as Suite));
  if (plugins.length === 0 && suites.length === 0)
    throw new AssayError('plugin-invalid', `the plugin "${module}" exports no plug-in and no suite`, {
      ...where,
      expected: 'an export made by definePlugin({ name, suites, attacks, ... }), or by defineSuite({ ... })',
      found: `the exports ${Object.keys(exported).join(', ') || '(none)'}`,
      hint: 'export it: `export const plugin = definePlugin({ ... })`',
    });
  return [...plugins, ...(suites.length > 0 ? [{ name: module, version: 1, suites }] : [])];
}

function locate(plugin: string, directory: string, where: Place): string {
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
      throw new AssayError('plugin-invalid', 'this Node does not run TypeScript', {
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
