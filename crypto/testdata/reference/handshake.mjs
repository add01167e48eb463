// Identities, bundles and the handshake: docs/PROTOCOL.md sections 3 to 5. Every value is derived from the
// secrets of the acceptor, and once more from those of the initiator; the two must be equal.

import {
  byte, concat, derive, field, fields, hash, hmac, kem1024, kem768, none, open, readFields, seal, sha256, sha512, split, unseal,
  x25519, x25519Public,
} from './primitives.mjs';
import { certificate, publicKey, verify } from './signatures.mjs';

const must = (ok, what) => {
  if (!ok) throw new Error(what);
};

const same = (a, b, what) => must(Buffer.compare(a, b) === 0, `${what}: ${a.toString('hex')} and ${b.toString('hex')}`);

// statement: section 3.3.
function statement(bytes) {
  const [identity, deviceID, signingKey, identityKey, kemKey, created, notAfter] = readFields(bytes);
  const sizes = [identity, deviceID, signingKey, identityKey, kemKey, created, notAfter].map((x) => x.length);
  must(sizes.join() === '32,8,1997,32,1184,8,8', 'sizes in a device statement');
  return { bytes, identity, deviceID, signingKey: publicKey(signingKey), identityKey, kemKey, hash: hash('device-statement', bytes) };
}

// deviceList: section 3.4.
function deviceList(bytes, cert) {
  const [body, signature] = readFields(bytes);
  verify(cert.key, 'device-list', body, signature);
  const [identity, certHash, , , , statements] = readFields(body);
  same(identity, cert.fingerprint, 'identity of a list');
  same(certHash, cert.hash, 'certificate hash of a list');
  const read = readFields(statements).map(statement);
  read.forEach((s) => same(s.identity, cert.fingerprint, 'identity of a statement'));
  return { bytes, hash: hash('device-list', body), statements: read };
}

function ofDevice(list, id) {
  const found = list.statements.filter((s) => s.deviceID.equals(id));
  must(found.length === 1, 'a device that is not on its list');
  return found[0];
}

// safetyNumber: section 3.6, as text.
function safetyNumber(a, b) {
  const n = sha512(fields('safety-number', ...[a, b].sort(Buffer.compare)));
  return Array.from({ length: 12 }, (_, i) => String(n.readUIntBE(5 * i, 5) % 100000).padStart(5, '0')).join(' ');
}

// parseHeader: section 5.2.
function parseHeader(bytes) {
  const prefix = bytes.subarray(0, 1618);
  const [version, mode, setID, pairID, ephemeral, ciphertext] = split(prefix, 1, 1, 8, 8, 32, 1568);
  const gate = bytes.subarray(1618, 1634);
  const [block, ...more] = readFields(bytes.subarray(1634));
  must(version[0] === 1 && mode[0] <= 1 && more.length === 0, 'header');
  return { bytes, prefix, mode, setID, pairID, ephemeral, ciphertext, gate, block };
}

// deriveHandshake: sections 4.1, 4.2 and 5.
export function deriveHandshake(r) {
  const bundle = unseal(r.invitation_secret, 'bundle-seal', r.sealed_bundle);
  const [certBytes, listBytes, body, signature] = readFields(bundle.plain);
  const b = certificate(certBytes);
  const listB = deviceList(listBytes, b);
  const [identity, deviceID, , , , setID, spk, lastResort, pairs, ...rest] = readFields(body);
  must(rest.length === 0 && pairs.length % 32 === 0, 'bundle statement');
  same(identity, b.fingerprint, 'identity of a bundle');
  const deviceB = ofDevice(listB, deviceID);
  verify(deviceB.signingKey, 'bundle-statement', body, signature);

  same(setID, r.prekey_set.id, 'set id');
  same(spk, x25519Public(r.prekey_set.private), 'signed prekey');
  same(lastResort, kem1024.publicKey(r.prekey_set.seed), 'last-resort key');
  same(deviceB.identityKey, x25519Public(r.acceptor.private), 'identity key of the acceptor');
  same(deviceB.kemKey, kem768.publicKey(r.acceptor.seed), 'static KEM key of the acceptor');

  const header = parseHeader(r.header);
  same(header.setID, setID, 'set id of the header');

  // The KEM key and the pair, section 5: no pair, no OPK, and the last-resort key.
  let [pairID, opk, pqk, kemSeed] = [none, none, lastResort, r.prekey_set.seed];
  let prekeyKey = none;
  let pairHash = none;
  if (header.mode[0] === 1) {
    const pair = unseal(r.invitation_secret, 'prekey-seal', r.sealed_pair);
    must(r.sealed_pair.length === 1661, 'size of a sealed pair');
    prekeyKey = pair.key;
    [pairID, opk, pqk] = readFields(pair.plain);
    pairHash = hash('one-time-prekey', pair.plain);
    const listed = split(pairs, ...Array(pairs.length / 32).fill(32));
    must(listed.some((p) => p.equals(pairHash)), 'a pair that the statement does not list');
    same(header.pairID, pairID, 'pair id of the header');
    same(opk, x25519Public(r.one_time_pair.private), 'X25519 key of the pair');
    same(pqk, kem1024.publicKey(r.one_time_pair.seed), 'KEM key of the pair');
    kemSeed = r.one_time_pair.seed;
  } else {
    same(header.pairID, Buffer.alloc(8), 'pair id in mode 0');
  }

  // Section 5.5, steps 2 and 3.
  const gateKey = derive(r.invitation_secret, null, 'gate', 32);
  const gate = hmac(gateKey, fields('gate', header.prefix, header.block)).subarray(0, 16);
  same(gate, header.gate, 'gate');
  const replay = hash('prekey-replay', deviceID, header.mode, header.setID, header.pairID, header.ephemeral, header.ciphertext);

  // Section 5.1 as the acceptor, and as the initiator.
  const dh2 = x25519(r.acceptor.private, header.ephemeral);
  const dh3 = x25519(r.prekey_set.private, header.ephemeral);
  const dh4 = opk.length ? x25519(r.one_time_pair.private, header.ephemeral) : none;
  const ss = kem1024.decapsulate(kemSeed, header.ciphertext);
  same(header.ephemeral, x25519Public(r.ephemeral), 'EK');
  same(dh2, x25519(r.ephemeral, deviceB.identityKey), 'DH2');
  same(dh3, x25519(r.ephemeral, spk), 'DH3');
  if (opk.length) same(dh4, x25519(r.ephemeral, opk), 'DH4');
  const encapsulated = kem1024.encapsulate(pqk, r.encapsulation);
  same(ss, encapsulated.shared, 'SS');
  same(header.ciphertext, encapsulated.ciphertext, 'CT');

  // Section 5.3.
  const secrets = concat(field(dh2), field(dh3), field(dh4), field(ss), field(r.invitation_secret));
  const blockKeys = derive(secrets, null, 'handshake-identity-block', 32 + 12 + 32, header.prefix, deviceB.hash);
  const [bk, bn, ck] = split(blockKeys, 32, 12, 32);
  const blockAD = fields('handshake-identity-block', header.prefix);
  const blockPlain = open(bk, bn, blockAD, header.block);
  const [certA, listABytes, deviceAID, ...more] = readFields(blockPlain);
  must(more.length === 0, 'identity block');
  const a = certificate(certA);
  const listA = deviceList(listABytes, a);
  const deviceA = ofDevice(listA, deviceAID);
  same(deviceA.identityKey, x25519Public(r.initiator.private), 'identity key of the initiator');
  same(deviceA.kemKey, kem768.publicKey(r.initiator.seed), 'static KEM key of the initiator');
  same(header.block, seal(bk, bn, blockAD, concat(field(a.bytes), field(listA.bytes), field(deviceAID))), 'block');

  // Section 5.4.
  const dh1 = x25519(r.prekey_set.private, deviceA.identityKey);
  same(dh1, x25519(r.initiator.private, spk), 'DH1');
  const transcript = hash('handshake-transcript', byte(1), a.fingerprint, b.fingerprint, a.hash, b.hash, deviceA.bytes,
    deviceB.bytes, setID, spk, pairID, opk, pqk, header.ciphertext, header.ephemeral, header.bytes);
  const k = concat(field(ck), field(dh1));

  return {
    acceptor_fingerprint: b.fingerprint,
    acceptor_certificate_hash: b.hash,
    acceptor_list_hash: listB.hash,
    acceptor_statement_hash: deviceB.hash,
    initiator_fingerprint: a.fingerprint,
    initiator_certificate_hash: a.hash,
    initiator_list_hash: listA.hash,
    initiator_statement_hash: deviceA.hash,
    safety_number: safetyNumber(a.fingerprint, b.fingerprint),
    bundle_key: bundle.key,
    prekey_key: prekeyKey,
    pair_hash: pairHash,
    gate_key: gateKey,
    gate,
    replay_hash: replay,
    dh1,
    dh2,
    dh3,
    dh4,
    kem_secret: ss,
    block_key: bk,
    block_nonce: bn,
    chaining_key: ck,
    block_plaintext_hash: sha256(blockPlain),
    transcript,
    root_key: derive(k, transcript, 'handshake-root', 32),
    session_binding: hash('session-binding', transcript),
    session_id: derive(k, transcript, 'session-id', 16),
  };
}
