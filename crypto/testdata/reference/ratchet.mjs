// The ratchet: docs/PROTOCOL.md section 6, for recorded random values. A party takes its ratchet keys, offers
// and encapsulation randomness from the recording, in order, and does everything else by the text.

import {
  byte, concat, derive, fields, hash, hmac, kem768, none, open, seal, split, uint16, uint32, uint64, x25519, x25519Public,
} from './primitives.mjs';

export const initiator = 1;
export const acceptor = 2;

// The flags, and the size of the material they say.
const nothing = 0;
const offer = 1;
const answer = 2;
const firstAnswer = 6;
const materialSizes = new Map([[nothing, 0], [offer, 1184], [answer, 1088], [firstAnswer, 2176]]);

const hours24 = 24 * 3600 * 1000;

export class Duplicate extends Error {}
export class Undecryptable extends Error {}

const refuse = (bad, why) => {
  if (bad) throw new Undecryptable(why);
};

// start makes the state of section 6.3. session has root, binding and id; random the recorded values of this
// party; prekey is the signed prekey, private for the acceptor; kem the initiator's static key, as seed for the
// initiator and as public key for the acceptor.
export function start(role, session, random, prekey, kem, now, trace) {
  const party = {
    role,
    session,
    random,
    trace,
    used: { keys: 0, offers: 0, encapsulations: 0 },
    root: derive(session.root, session.binding, 'ratchet-root', 32, session.id),
    own: null,
    peer: Buffer.alloc(32),
    last: now,
    since: 0,
    sending: null,
    offerSeed: null,
    owed: null,
    staticSeed: null,
    peerStatic: null,
    authenticated: false,
    receiving: [],
  };
  if (role === initiator) {
    party.peer = prekey;
    party.staticSeed = kem;
    makeChain(party, now);
  } else {
    party.own = prekey;
    party.peerStatic = kem;
  }
  return party;
}

const next = (party, kind) => {
  const value = party.random[kind][party.used[kind]++];
  if (!value) throw new Error(`no more recorded ${kind}`);
  return value;
};

// stepRoot is the block of formulas of section 6.3.
function stepRoot(party, chain, secret, peer, kemSecrets) {
  const dh = x25519(secret, peer);
  chain.transcript = hash('ratchet-kem', party.session.binding, byte(chain.role), chain.key, byte(chain.flags), chain.material);
  const keys = derive(concat(dh, ...kemSecrets), party.root, 'ratchet-root', 64, chain.transcript, chain.receiver);
  [party.root, chain.chainKey] = split(keys, 32, 32);
  party.trace.chain({
    role: chain.role,
    ratchet_key: chain.key,
    receiver: chain.receiver,
    flags: chain.flags,
    dh,
    kem_secrets: concat(...kemSecrets),
    transcript: chain.transcript,
    root_key: party.root,
    chain_key: chain.chainKey,
  });
}

// makeChain makes the own next chain: rules K1, K2 and K7.
function makeChain(party, now) {
  const previous = party.sending?.next ?? 0;
  party.own = next(party, 'keys');
  const chain = {
    role: party.role, key: x25519Public(party.own), receiver: party.peer, flags: nothing, material: none, next: 0, previous,
  };
  const kemSecrets = [];
  const encapsulate = (publicKey) => {
    const { ciphertext, shared } = kem768.encapsulate(publicKey, next(party, 'encapsulations'));
    chain.material = concat(chain.material, ciphertext);
    kemSecrets.push(shared);
  };
  const first = party.sending === null;
  if (party.owed) {
    chain.flags = answer;
    encapsulate(party.owed);
    if (party.role === acceptor && first) {
      chain.flags = firstAnswer;
      encapsulate(party.peerStatic);
      party.peerStatic = null;
    }
    party.owed = null;
    exchanged(party, now);
  } else if (!party.offerSeed && (first || party.since >= 20 || now - party.last >= hours24)) {
    chain.flags = offer;
    party.offerSeed = next(party, 'offers');
    chain.material = kem768.publicKey(party.offerSeed);
  }
  stepRoot(party, chain, party.own, party.peer, kemSecrets);
  party.sending = chain;
}

function exchanged(party, now) {
  party.last = now;
  party.since = 0;
}

const stepChain = (chainKey) => [
  hmac(chainKey, fields('ratchet-chain', byte(2))),
  hmac(chainKey, fields('ratchet-chain', byte(1))),
];

// messageKeys is the first half of section 6.5.
function messageKeys(party, role, messageKey, header, salt) {
  const h = hash('ratchet-header', party.session.binding, byte(role), header);
  const [key, nonce] = split(derive(messageKey, salt, 'ratchet-message', 44, h), 32, 12);
  return { message_key: messageKey, header_hash: h, key, nonce };
}

// encrypt seals a message with the recorded salt.
export function encrypt(party, plaintext, ad, salt) {
  const chain = party.sending;
  const [messageKey, chainKey] = stepChain(chain.chainKey);
  const header = concat(byte(1), byte(chain.flags), party.session.id, chain.key, uint32(chain.previous), uint32(chain.next),
    salt, chain.material);
  const keys = messageKeys(party, party.role, messageKey, header, salt);
  chain.chainKey = chainKey;
  chain.next++;
  party.since++;
  party.trace.message({ ...keys, next_chain_key: chainKey });
  return concat(header, seal(keys.key, keys.nonce, fields('ratchet-message', keys.header_hash, ad), plaintext));
}

const clone = (party) => ({
  ...party,
  used: { ...party.used },
  sending: party.sending && { ...party.sending },
  receiving: party.receiving.map((c) => ({ ...c, stored: new Map(c.stored) })),
});

// decrypt returns the plaintext and the state after it; party itself is left as it is.
export function decrypt(party, message, ad, now) {
  const role = party.role === initiator ? acceptor : initiator;
  const size = materialSizes.get(message[1]);
  refuse(message[0] !== 1 || size === undefined || message.length < 74 + size + 16, 'form');
  const [, flags, id, key, pn, n, salt, material] = split(message.subarray(0, 74 + size), 1, 1, 16, 32, 4, 4, 16, size);
  const header = { flags: flags[0], key, previous: pn.readUInt32BE(0), number: n.readUInt32BE(0), salt, material };
  refuse(!id.equals(party.session.id), 'session');

  const state = clone(party);
  const known = state.receiving.find((c) => c.key.equals(header.key));
  const messageKey = known ? keyOfChain(state, known, role, header) : keyOfTurn(state, role, header, now);
  const keys = messageKeys(state, role, messageKey, message.subarray(0, 74 + size), salt);
  let plaintext;
  try {
    plaintext = open(keys.key, keys.nonce, fields('ratchet-message', keys.header_hash, ad), message.subarray(74 + size));
  } catch {
    throw new Undecryptable('tag');
  }
  party.trace.opened(keys);
  // The count of K1: a turn decides about the offer before it counts, and one with an exchange does not count.
  const exchange = !known && (state.owed || header.flags === answer || header.flags === firstAnswer);
  if (!known) makeChain(state, now);
  if (!exchange) state.since++;
  return { plaintext, state };
}

// skip stores the keys from the chain's next number up to, not including, number.
function skip(chain, number) {
  refuse(number - chain.next > 1000, 'leap');
  while (chain.next < number) {
    const [messageKey, chainKey] = stepChain(chain.chainKey);
    chain.stored.set(chain.next++, messageKey);
    chain.chainKey = chainKey;
  }
}

function take(chain, number) {
  skip(chain, number);
  const [messageKey, chainKey] = stepChain(chain.chainKey);
  chain.chainKey = chainKey;
  chain.next++;
  return messageKey;
}

// keyOfChain is step 2 of receiving.
function keyOfChain(state, chain, role, header) {
  const h = hash('ratchet-kem', state.session.binding, byte(role), header.key, byte(header.flags), header.material);
  refuse(!h.equals(chain.transcript), 'H');
  const stored = chain.stored.get(header.number);
  if (stored) {
    chain.stored.delete(header.number);
    return stored;
  }
  if (header.number < chain.next) throw new Duplicate();
  refuse(!chain.open, 'beyond the end of a closed chain');
  return take(chain, header.number);
}

// keyOfTurn is step 3 of receiving, with what step 5 does to the chains.
function keyOfTurn(state, role, header, now) {
  const own = x25519Public(state.own);
  refuse(header.key.equals(own) || header.key.equals(state.peer), 'ratchet key');
  const [before] = state.receiving;
  const first = !before;
  const owes = state.offerSeed !== null;
  const wanted = owes ? [role === acceptor && first ? firstAnswer : answer] : [first ? offer : nothing, offer];
  refuse(!wanted.includes(header.flags), 'material');
  if (before?.open) {
    skip(before, header.previous);
    before.open = false;
    before.chainKey = null;
  }

  const chain = { role, key: header.key, receiver: own, flags: header.flags, material: header.material, next: 0, stored: new Map() };
  const kemSecrets = [];
  if (owes) kemSecrets.push(kem768.decapsulate(state.offerSeed, header.material.subarray(0, 1088)));
  if (header.flags === firstAnswer) kemSecrets.push(kem768.decapsulate(state.staticSeed, header.material.subarray(1088)));
  stepRoot(state, chain, state.own, header.key, kemSecrets);
  chain.open = true;
  chain.first = 0;
  state.peer = header.key;
  state.receiving = [chain, ...state.receiving].slice(0, 5);

  if (header.flags === offer) state.owed = header.material;
  if (owes) {
    state.offerSeed = null;
    exchanged(state, now);
  }
  if (header.flags === firstAnswer) state.staticSeed = null;
  if (header.flags === firstAnswer || (role === initiator && !first)) state.authenticated = true;
  return take(chain, header.number);
}

// marshal is section 6.9.
export function marshal(party) {
  const { sending, session } = party;
  const parts = (sending ? 1 : 0) | (party.offerSeed ? 2 : 0) | (party.staticSeed ? 4 : 0) | (party.peerStatic ? 8 : 0)
    | (party.authenticated ? 16 : 0);
  const out = [
    byte(1), byte(party.role), byte(parts), session.id, session.binding, party.root, party.own, x25519Public(party.own), party.peer,
    uint64(party.last), uint32(party.since),
  ];
  if (sending) {
    out.push(sending.chainKey, uint32(sending.next), uint32(sending.previous), byte(sending.flags),
      sending.flags === offer ? none : sending.material);
  }
  out.push(party.offerSeed ?? none, party.staticSeed ?? none, party.peerStatic ?? none, byte(party.receiving.length));
  for (const chain of party.receiving) {
    out.push(chain.key, chain.transcript, byte(chain.open ? 1 : 0), chain.open ? chain.chainKey : none, uint32(chain.next),
      uint32(chain.first), uint16(chain.stored.size));
    for (const number of [...chain.stored.keys()].sort((a, b) => a - b)) out.push(uint32(number), chain.stored.get(number));
  }
  return concat(...out);
}
