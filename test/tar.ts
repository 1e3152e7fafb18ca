import { Buffer } from 'node:buffer';

/** A member of an archive in the making; what is hostile about it goes into `type`, `link` and `size`. */
export interface Packing {
  name: string;
  content?: Uint8Array | string;
  type?: string;
  link?: string;
  /** What the header claims. */
  size?: number;
  magic?: string;
}

/** One member: its header and its content, padded to blocks. */
export function tarMember({
  name,
  content = '',
  type = '0',
  link = '',
  size,
  magic = 'ustar\x0000',
}: Packing): Buffer {
  const data = Buffer.from(content as string);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, 'utf8');
  header.write('0000644\0', 100);
  header.write('0000000\x000000000\0', 108);
  header.write(`${(size ?? data.length).toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156, 'latin1');
  header.write(link, 157, 100, 'utf8');
  header.write(magic, 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** Two blocks of zeros. */
export const TAR_END = Buffer.alloc(1024);

/** A POSIX archive. */
export const tarOf = (members: readonly Packing[]): Buffer =>
  Buffer.concat([...members.map(tarMember), TAR_END]);

/** Lines of properties for the next member, as pax writes them. */
export function pax(properties: Readonly<Record<string, string>>): Packing {
  const content = Object.entries(properties)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      const bytes = Buffer.byteLength(rest);
      let length = bytes;
      while (length !== bytes + String(length).length) length = bytes + String(length).length;
      return `${length}${rest}`;
    })
    .join('');
  return { name: 'pax', type: 'x', content };
}
