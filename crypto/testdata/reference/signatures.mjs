// OpenPGP version 6 signatures of ML-DSA-65+Ed25519: docs/PROTOCOL.md sections 3.1 and 3.2; RFC 9580, section
// 5.2; RFC 9980.

import crypto from 'node:crypto';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { byte, concat, fields, label, sha256, sha512, split, uint32 } from './primitives.mjs';

const must = (ok, what) => {
  if (!ok) throw new Error(what);
};

// packet takes the first packet off b.
export function packet(b, tag) {
  must(b[0] === (0xc0 | tag) && b[1] >= 192 && b[1] < 224, `no packet ${tag} in the two-octet form`);
  const size = ((b[1] - 192) << 8) + b[2] + 192;
  must(b.length >= 3 + size, 'truncated packet');
  return { body: b.subarray(3, 3 + size), rest: b.subarray(3 + size) };
}

// publicKey reads a public key packet and nothing after it.
export function publicKey(bytes) {
  const { body, rest } = packet(bytes, 6);
  must(bytes.length === 1997 && rest.length === 0, 'size of a public key packet');
  const [version, , algorithm, size, ed25519, mldsa] = split(body, 1, 4, 1, 4, 32, 1952);
  must(version[0] === 6 && algorithm[0] === 30 && size.readUInt32BE(0) === 1984, 'public key packet');
  const hashed = concat(byte(0x9b), uint32(body.length), body);
  return { ed25519, mldsa, hashed, fingerprint: sha256(hashed) };
}

// subpackets reads those of lengths up to 191, by type.
function subpackets(b) {
  const found = new Map();
  while (b.length > 0) {
    must(b[0] > 0 && b[0] < 192 && b.length > b[0] && !found.has(b[1] & 0x7f), 'subpackets');
    found.set(b[1] & 0x7f, { critical: b[1] > 0x7f, value: b.subarray(2, 1 + b[0]) });
    b = b.subarray(1 + b[0]);
  }
  return found;
}

// verifyPacket checks a signature packet of the type over data, and gives its subpackets.
function verifyPacket(key, type, data, signature) {
  const { body, rest } = packet(signature, 2);
  must(rest.length === 0, 'bytes after a signature');
  const size = body.readUInt32BE(4);
  const hashed = body.subarray(0, 8 + size);
  const [head, unhashed, left, saltSize, salt, ed25519, mldsa] = split(body, 8 + size, 4, 2, 1, 32, 64, 3309);
  must(head.subarray(0, 4).equals(Buffer.from([6, type, 30, 10])), 'version, type or algorithms of a signature');
  must(unhashed.readUInt32BE(0) === 0 && saltSize[0] === 32, 'unhashed subpackets or salt of a signature');

  const digest = sha512(concat(salt, data, hashed, byte(6), byte(0xff), uint32(hashed.length)));
  must(digest.subarray(0, 2).equals(left), 'left 16 bits of a hash');
  const spki = concat(Buffer.from('302a300506032b6570032100', 'hex'), key.ed25519);
  must(crypto.verify(null, digest, { key: spki, format: 'der', type: 'spki' }, ed25519), 'Ed25519 signature');
  must(ml_dsa65.verify(mldsa, digest, key.mldsa), 'ML-DSA-65 signature');

  const found = subpackets(hashed.subarray(8));
  must(found.get(33)?.value.equals(concat(byte(6), key.fingerprint)), 'issuer fingerprint');
  must(!found.has(3) && !found.has(9) && !found.has(32), 'expiry or embedded signature');
  return found;
}

// verify checks a signature of section 3.2 over body.
export function verify(key, purpose, body, signature) {
  const notation = verifyPacket(key, 0x00, fields(purpose, body), signature).get(20);
  const name = Buffer.from('purpose@sotto.invalid', 'ascii');
  const value = label(purpose);
  const want = concat(Buffer.from([0x80, 0, 0, 0, 0, name.length, 0, value.length]), name, value);
  must(notation?.critical && notation.value.equals(want), 'notation');
}

// certificate reads and verifies a certificate of section 3.1.
export function certificate(bytes) {
  const { rest } = packet(bytes, 6);
  const key = publicKey(bytes.subarray(0, bytes.length - rest.length));
  const found = verifyPacket(key, 0x1f, key.hashed, rest);
  must(!found.has(20) && (found.get(27).value[0] & 3) === 3, 'notation or key flags of a certificate');
  return { bytes, key, hash: sha256(bytes), fingerprint: key.fingerprint };
}
