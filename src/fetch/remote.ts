import { type Static, Type } from '../config/type.js';

/** Address and hash of what is fetched. */
export const remoteKeys = {
  url: Type.String({
    pattern: '^https?://',
    maxLength: 4096,
    description:
      'Address of the file, https or http. It is fetched once into the folder of downloads, whoever needs it; results name it, so it must hold no password.',
  }),
  sha256: Type.String({
    pattern: '^[0-9a-fA-F]{64}$',
    description:
      'Of a file with a `url`: its SHA-256, as `sha256sum` prints it. Nothing with another one is read.',
  }),
};

/** A file by its address; with a path, what an archive there holds. */
export const Remote = Type.Object(
  {
    ...remoteKeys,
    path: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The address is that of an archive (zip, tar, tar.gz), which is unpacked: the file or folder in it, `.` for all of it. Default: the address is that of the file itself.',
      }),
    ),
  },
  { additionalProperties: false, title: '{ url, sha256 }' },
);
export type Remote = Static<typeof Remote>;

/** How messages and results call it. */
export const remoteText = ({ url, path }: Remote): string => (path === undefined ? url : `${url}: ${path}`);

/** For whoever waits for a fetch. */
export interface Fetching {
  /** What is not there is not fetched: whoever wrote this address may be somebody else. */
  onlyKept?: boolean;
  signal?: AbortSignal | undefined;
  tell?: ((stage: { text: string; done?: number; of?: number }) => void) | undefined;
}
