import { AssayError } from '../../errors.js';
import { isS3, s3Address } from '../s3/address.js';
import type { S3Store, S3StoreOptions } from '../s3/store.js';
import { FolderStore, type UnitStore } from '../units/store.js';
import type { Announcement } from './announcements.js';

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

/** A store that all machines share. Where its name does not tell which it is, whoever has it leaves word there. */
export interface SharedStore extends UnitStore, Partial<Pick<S3Store, 'mark' | 'hasMark' | 'close'>> {}

/** Opens a store that all machines share. Errors: `config-invalid`, `output-unwritable`, `store-failed`. */
export async function openShared(
  { store, endpoint }: SharedPlace,
  options: S3StoreOptions,
): Promise<SharedStore> {
  if (!isS3(store)) return FolderStore.open(store, options.tell);
  const address = s3Address(store, endpoint);
  // A library that only runs with such a store need.
  const { S3Store } = await import('../s3/store.js');
  return S3Store.open(address, options);
}

/** The server of a store, for others to compare with; undefined for folders. Errors: `config-invalid`. */
export async function serverOfPlace({ store, endpoint }: SharedPlace): Promise<string | undefined> {
  if (!isS3(store)) return undefined;
  const { serverOf } = await import('../s3/client.js');
  return serverOf(s3Address(store, endpoint));
}

/**
 * Looks whether the store of a worker is that of a run: buckets of the same name lie on many servers.
 * Errors: `queue-failed` where it is another; those of opening it.
 */
export async function refuseOtherStore(
  { id, title, rows, server }: Pick<Announcement, 'id' | 'title' | 'rows' | 'server'>,
  place: SharedPlace | undefined,
  options: S3StoreOptions,
): Promise<void> {
  if (!place || server === undefined) return;
  const store = await openShared(place, { ...options, patient: true });
  try {
    if ((await store.hasMark?.(id, server)) !== false) return;
  } finally {
    store.close?.();
  }
  throw new AssayError(
    'queue-failed',
    `the store of "${title}" is on another server than that of this worker`,
    {
      expected: `${rows} on ${server}, as the run has it`,
      found: `${rows} on ${await serverOfPlace(place)}, where the run has left no word`,
      hint: 'give the run and its workers the same --endpoint, or the same AWS_ENDPOINT_URL_S3',
    },
  );
}
