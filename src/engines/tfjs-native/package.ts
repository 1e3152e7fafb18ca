import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The npm packages that carry the addon's JavaScript and its C++ sources, in the order they are tried. */
export const nativePackages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

export interface NativePackage {
  name: string;
  version: string;
  folder: string;
  /** Where the package looks for its addon on this Node. */
  addon: string;
  /** The Node-API version that this place stands for, which the addon is compiled for. */
  napi: number;
}

const resolveFrom = createRequire(import.meta.url);

/** The installed package of this name, or undefined. */
export function findNativePackage(name: string): NativePackage | undefined {
  let file: string;
  try {
    file = resolveFrom.resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
  const manifest: { version: string; binary?: { napi_versions?: number[] } } = JSON.parse(
    readFileSync(file, 'utf8'),
  );
  // The rule of @mapbox/node-pre-gyp, which the package finds its addon with: the newest that Node has.
  const supported = Number(process.versions.napi);
  const napi = Math.max(...(manifest.binary?.napi_versions ?? []).filter((version) => version <= supported));
  const folder = dirname(file);
  return {
    name,
    version: manifest.version,
    folder,
    addon: join(folder, 'lib', `napi-v${napi}`, 'tfjs_binding.node'),
    napi,
  };
}
