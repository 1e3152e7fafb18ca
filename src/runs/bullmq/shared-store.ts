import { isS3, s3Address } from '../s3/address.js';
import type { S3StoreOptions } from '../s3/store.js';
import { FolderStore, type UnitStore } from '../store.js';

/** Where rows lie that do not go through the server. */
export interface SharedPlace {
  /** A folder, or `s3://BUCKET/PREFIX`. */
  store: string;
  /** Of a server that speaks S3. */
  endpoint?: string | undefined;
}

/** How rows travel, as run and workers must agree: a folder may be at another path on each machine. */
export const waysOf = (place: SharedPlace | undefined): string => {
  if (!place) return 'queue';
  return isS3(place.store) ? s3Address(place.store).shown : 'folder';
};

/** Opens a store that all machines share. Errors: `config-invalid`, `output-unwritable`, `store-failed`. */
export async function openShared(
  { store, endpoint }: SharedPlace,
  options: S3StoreOptions,
): Promise<UnitStore & { close?(): void }> {
  if (!isS3(store)) return FolderStore.open(store, options.tell);
  const address = s3Address(store, endpoint);
  // A library that only runs with such a store need.
  const { S3Store } = await import('../s3/store.js');
  return S3Store.open(address, options);
}
