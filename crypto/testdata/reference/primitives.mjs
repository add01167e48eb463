// Suite 1 and the encoding: docs/PROTOCOL.md sections 1, 2 and 4.1. Everything is bytes (Buffer).

import crypto from 'node:crypto';
import { ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';

export const kem768 = wrapKEM(ml_kem768);
export const kem1024 = wrapKEM(ml_kem1024);

export const none = Buffer.alloc(0);

export const byte = (n) => Buffer.from([n]);

export function uint16(n) {
  const b = Buffer.alloc(2);
  b.writeUInt16BE(n);
  return b;
}

export function uint32(n) {
  const b = Buffer.alloc(4);
  b.writeUInt32BE(n);
  return b;
}

export function uint64(n) {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(BigInt(n));
  return b;
}

export const concat = (...parts) => Buffer.concat(parts);

export const field = (x) => concat(uint32(x.length), x);

export const label = (purpose) => Buffer.from(`sotto/v1/${purpose}`, 'ascii');

export const fields = (purpose, ...xs) => concat(...[label(purpose), ...xs].map(field));

export const sha256 = (x) => crypto.createHash('sha256').update(x).digest();

export const sha512 = (x) => crypto.createHash('sha512').update(x).digest();

export const hash = (purpose, ...xs) => sha256(fields(purpose, ...xs));

export const hmac = (key, x) => crypto.createHmac('sha256', key).update(x).digest();

// derive is HKDF of RFC 5869 by its two steps: hkdfSync refuses an info above 1,024 bytes, and the one of
// section 5.3 has 1,695.
export function derive(key, salt, purpose, size, ...xs) {
  const prk = hmac(salt ?? Buffer.alloc(32), key);
  const info = fields(purpose, ...xs);
  let block = none;
  let out = none;
  for (let i = 1; out.length < size; i++) {
    block = hmac(prk, concat(block, info, byte(i)));
    out = concat(out, block);
  }
  return out.subarray(0, size);
}

// split cuts b into parts of the given sizes, which must add up to its length.
export function split(b, ...sizes) {
  let at = 0;
  const parts = sizes.map((n) => b.subarray(at, (at += n)));
  if (at !== b.length) throw new Error(`${b.length} bytes, want ${at}`);
  return parts;
}

// readFields cuts b into its fields, to the last byte.
export function readFields(b) {
  const parts = [];
  while (b.length > 0) {
    const n = b.readUInt32BE(0);
    if (4 + n > b.length) throw new Error('truncated');
    parts.push(b.subarray(4, 4 + n));
    b = b.subarray(4 + n);
  }
  return parts;
}

// The DER prefixes of a raw X25519 key (RFC 8410).
const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const spki = Buffer.from('302a300506032b656e032100', 'hex');

const privateKey = (raw) => crypto.createPrivateKey({ key: concat(pkcs8, raw), format: 'der', type: 'pkcs8' });

export function x25519Public(secret) {
  return crypto.createPublicKey(privateKey(secret)).export({ format: 'der', type: 'spki' }).subarray(spki.length);
}

export function x25519(secret, peer) {
  const publicKey = crypto.createPublicKey({ key: concat(spki, peer), format: 'der', type: 'spki' });
  const shared = crypto.diffieHellman({ privateKey: privateKey(secret), publicKey });
  if (shared.every((b) => b === 0)) throw new Error('an X25519 result of zeros');
  return shared;
}

export function seal(key, nonce, ad, plain) {
  const cipher = crypto.createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(ad, { plaintextLength: plain.length });
  return concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

export function open(key, nonce, ad, sealed) {
  const body = sealed.subarray(0, sealed.length - 16);
  const cipher = crypto.createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(ad, { plaintextLength: body.length });
  cipher.setAuthTag(sealed.subarray(sealed.length - 16));
  return concat(cipher.update(body), cipher.final());
}

// hchacha20 is a ChaCha20 block without the final addition of its input (draft-irtf-cfrg-xchacha, 2.2):
// the words 0 to 3 and 12 to 15 of the block less the constants and the nonce.
function hchacha20(key, nonce) {
  const block = crypto.createCipheriv('chacha20', key, nonce).update(Buffer.alloc(64));
  const input = concat(Buffer.from('expand 32-byte k', 'ascii'), nonce);
  return concat(...[0, 4, 8, 12, 48, 52, 56, 60].map((at, i) => {
    const word = Buffer.alloc(4);
    word.writeUInt32LE((block.readUInt32LE(at) - input.readUInt32LE(4 * i)) >>> 0);
    return word;
  }));
}

// unseal opens what is sealed under the invitation secret (section 4.1).
export function unseal(secret, purpose, sealed) {
  if (sealed[0] !== 1) throw new Error('version of a sealed thing');
  const nonce = sealed.subarray(1, 25);
  const key = derive(secret, null, purpose, 32);
  const subkey = hchacha20(key, nonce.subarray(0, 16));
  return { key, plain: open(subkey, concat(Buffer.alloc(4), nonce.subarray(16)), fields(purpose, byte(1)), sealed.subarray(25)) };
}

function wrapKEM(kem) {
  return {
    publicKey: (seed) => Buffer.from(kem.keygen(seed).publicKey),
    encapsulate: (publicKey, random) => {
      const { cipherText, sharedSecret } = kem.encapsulate(publicKey, random);
      return { ciphertext: Buffer.from(cipherText), shared: Buffer.from(sharedSecret) };
    },
    decapsulate: (seed, ciphertext) => Buffer.from(kem.decapsulate(ciphertext, kem.keygen(seed).secretKey)),
  };
}
