import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { BuildError } from './build-error.js';

/** A TensorFlow to link against. Paths are absolute. */
export interface Libtensorflow {
  /** Where its libraries lie: the addon looks for them there when it is loaded. */
  libraryFolder: string;
  /** `libtensorflow_cc` or `libtensorflow`, then `libtensorflow_framework` where there is one. */
  libraries: readonly [string, ...string[]];
  includeFolder: string;
}

interface Names {
  /** Libraries with the C API, of which one is needed: a wheel has the first, a C tarball the last. */
  main: readonly string[];
  framework: readonly string[];
}

/** File names by platform. Windows is missing: its wheels have no library to link against. */
const names: Partial<Record<NodeJS.Platform, Names>> = {
  linux: {
    main: ['libtensorflow_cc.so.2', 'libtensorflow_cc.so', 'libtensorflow.so.2', 'libtensorflow.so'],
    framework: ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
  },
  darwin: {
    main: [
      'libtensorflow_cc.2.dylib',
      'libtensorflow_cc.dylib',
      'libtensorflow.2.dylib',
      'libtensorflow.dylib',
    ],
    framework: ['libtensorflow_framework.2.dylib', 'libtensorflow_framework.dylib'],
  },
};

const HEADER = join('tensorflow', 'c', 'eager', 'c_api.h');
const findIt = 'python3 -c "import tensorflow, os; print(os.path.dirname(tensorflow.__file__))"';

/**
 * The libtensorflow in a folder: a Python environment, its `site-packages` or the `tensorflow` in there, an
 * unpacked libtensorflow for C, or a prefix such as `/usr/local` that it was unpacked into.
 * Errors: `no-tensorflow` that says which part is missing; `cannot-build` on Windows.
 */
export function locateLibtensorflow(folder: string, platform = process.platform): Libtensorflow {
  const wanted = names[platform];
  if (!wanted)
    throw new BuildError('cannot-build', `the addon cannot be built on ${platform}`, {
      expected: Object.keys(names).join(' or '),
      hint: 'on Windows use WSL 2, where TensorFlow finds the GPU as well',
    });
  const start = resolve(folder);
  if (!isFolder(start))
    throw new BuildError('no-tensorflow', 'there is no such folder', { file: start, hint: hintFor() });

  let nearest: string | undefined;
  for (const root of [start, ...pythonPackages(start)])
    for (const libraryFolder of [root, join(root, 'lib')]) {
      const main = first(libraryFolder, wanted.main);
      const includeFolder = join(root, 'include');
      const headers = existsSync(join(includeFolder, HEADER));
      if (main && headers) {
        const framework = first(libraryFolder, wanted.framework);
        return { libraryFolder, libraries: framework ? [main, framework] : [main], includeFolder };
      }
      if (main) nearest ??= `${main}, but not ${join(includeFolder, HEADER)}`;
      if (headers) nearest ??= `${join(includeFolder, HEADER)}, but not ${wanted.main[0]}`;
    }
  throw new BuildError('no-tensorflow', 'this folder holds no TensorFlow to build with', {
    file: start,
    expected: `${wanted.main[0]} (or ${wanted.main[2]}) and include/${HEADER}`,
    found: nearest ?? 'neither',
    hint: hintFor(),
  });
}

/** The first libtensorflow in the usual places: the active Python environment first. Errors: `no-tensorflow`. */
export function searchLibtensorflow(env: NodeJS.ProcessEnv = process.env): Libtensorflow {
  const places = [
    env.VIRTUAL_ENV,
    env.CONDA_PREFIX,
    resolve('.venv'),
    resolve('venv'),
    join(homedir(), '.local'),
    '/usr/local',
    '/usr',
  ].flatMap((place) => (place && isFolder(place) ? [place] : []));
  for (const place of places)
    try {
      return locateLibtensorflow(place);
    } catch (error) {
      // Not here; a platform that cannot build fails for every place alike.
      if (!(error instanceof BuildError) || error.fault !== 'no-tensorflow') throw error;
    }
  throw new BuildError('no-tensorflow', 'no TensorFlow was found in the usual places', {
    expected: 'the folder of a TensorFlow',
    found: `none in ${places.join(', ')}`,
    hint: hintFor(),
  });
}

function hintFor(): string {
  return `name the folder; for TensorFlow in a Python environment \`${findIt}\` prints it, and \`pip install tensorflow\` installs it`;
}

/** Folders named `tensorflow` in what may be a `site-packages`, or a Python environment that has one. */
function pythonPackages(folder: string): string[] {
  const sites = ['lib', 'lib64'].flatMap((lib) =>
    entries(join(folder, lib))
      .filter((name) => name.startsWith('python3'))
      .flatMap((name) => ['site-packages', 'dist-packages'].map((site) => join(folder, lib, name, site))),
  );
  return [folder, ...sites].map((site) => join(site, 'tensorflow')).filter(isFolder);
}

function first(folder: string, files: readonly string[]): string | undefined {
  return files.map((file) => join(folder, file)).find((file) => existsSync(file));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function entries(folder: string): string[] {
  return isFolder(folder) ? readdirSync(folder).sort().reverse() : [];
}
