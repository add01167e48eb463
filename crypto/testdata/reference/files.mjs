// Sealed files: docs/PROTOCOL.md section 8.5.

import { byte, concat, derive, none, seal, sha256, uint64 } from './primitives.mjs';

const chunkSize = 64 * 1024;
const leastPadded = 4 * 1024;

// content gives the first n bytes of SHA-256(uint64(0)) || SHA-256(uint64(1)) || ...
function content(n) {
  const parts = [];
  for (let i = 0; i * 32 < n; i++) parts.push(sha256(uint64(i)));
  return Buffer.concat(parts).subarray(0, n);
}

// padded gives P by the definition of Padmé, in floating point.
function padded(n) {
  const length = Math.max(n, leastPadded);
  const exponent = Math.floor(Math.log2(length));
  const unit = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1);
  return Math.ceil(length / unit) * unit;
}

// deriveFile seals the content of a recorded file under its key.
export function deriveFile({ key, size }) {
  const streamKey = derive(key, null, 'file-chunks', 32);
  const length = padded(size);
  const plain = concat(content(size), Buffer.alloc(length - size));
  const sealed = [];
  for (let i = 0; i * chunkSize < length; i++) {
    const last = (i + 1) * chunkSize >= length;
    const nonce = concat(Buffer.alloc(3), uint64(i), byte(last ? 1 : 0)); // uint88(i) || f
    sealed.push(seal(streamKey, nonce, none, plain.subarray(i * chunkSize, (i + 1) * chunkSize)));
  }
  const ciphertext = concat(...sealed);
  return {
    stream_key: streamKey,
    padded: length,
    sealed: ciphertext.length,
    begin: ciphertext.subarray(0, 64),
    end: ciphertext.subarray(-64),
    hash: sha256(ciphertext),
  };
}
