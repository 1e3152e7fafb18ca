import { UNITS } from '../folder/run-folder.js';
import { type Cache, unitsByKey } from '../units/cache.js';
import type { S3Address } from './address.js';
import { S3Store, type S3StoreOptions } from './store.js';

/** The units in a store as a cache: they are listed once, and nothing is written. Errors: `store-failed`. */
export async function s3Cache(address: S3Address, options: S3StoreOptions): Promise<Cache> {
  const store = await S3Store.open(address, { ...options, reads: true });
  try {
    const listed = await store.units();
    const names = [...listed.keys()];
    return {
      folder: address.shown,
      files: unitsByKey(names, (name) => `${address.shown}/${UNITS}/${name}`),
      sizes: unitsByKey(names, (name) => listed.get(name) as number),
      // What is damaged, the store tells.
      read: (_, key) => store.read(key),
      close: () => store.close(),
    };
  } catch (error) {
    store.close();
    throw error;
  }
}
