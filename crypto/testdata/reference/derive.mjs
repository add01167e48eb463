// node derive.mjs handshakes conversation files: recorded-*.json -> derived-*.json. See README.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { deriveFile } from './files.mjs';
import { deriveHandshake } from './handshake.mjs';
import { byte, concat, field, kem768, none, sha256, x25519Public } from './primitives.mjs';
import { acceptor, decrypt, Duplicate, encrypt, initiator, marshal, start } from './ratchet.mjs';

const here = (name) => new URL(name, import.meta.url);

// read gives a recording with all its strings, which are hex, as bytes.
const read = (name) => JSON.parse(readFileSync(here(name), 'utf8'), (_, v) => (typeof v === 'string' ? Buffer.from(v, 'hex') : v));

const write = (name, values) => writeFileSync(here(name), `${JSON.stringify(toHex(values), null, 2)}\n`);

// tracer collects every chain and message key of its maker, and holds those of the other side against them.
function tracer() {
  const chains = [];
  const messages = [];
  const text = (values) => JSON.stringify(toHex(values));
  return {
    chains,
    messages,
    chain(values) {
      const made = chains.find((c) => c.ratchet_key.equals(values.ratchet_key));
      if (!made) {
        chains.push(values);
      } else if (text(made) !== text(values)) {
        throw new Error(`a chain is followed to other keys than it was made with: ${text(made)} ${text(values)}`);
      }
    },
    message: (values) => messages.push(values),
    opened({ message_key: messageKey, key }) {
      if (!messages.some((m) => m.message_key.equals(messageKey) && m.key.equals(key))) throw new Error('a message key nobody sealed with');
    },
  };
}

function converse(c, handshake, derived) {
  const trace = tracer();
  const session = { root: derived.root_key, binding: derived.session_binding, id: derived.session_id };
  const prekey = handshake.prekey_set.private;
  const parties = {
    [initiator]: start(initiator, session, c.initiator, x25519Public(prekey), handshake.initiator.seed, c.initiator.start, trace),
    [acceptor]: start(acceptor, session, c.acceptor, prekey, kem768.publicKey(handshake.initiator.seed), c.acceptor.start, trace),
  };
  const stateHash = (role) => sha256(marshal(parties[role]));
  const states = [stateHash(initiator), stateHash(acceptor)];

  // The associated data of section 7: the initiator sends type initial until it has opened a message.
  let answered = false;
  const types = c.messages.map(() => none);
  const associatedData = (m) => concat(field(concat(byte(1), types[m])), field(types[m][0] === 1 ? handshake.header : none));

  for (const { role, action, message: m, at } of c.events) {
    const { plaintext, message } = c.messages[m];
    if (action === 0) {
      types[m] = byte(role === initiator && !answered ? 1 : 2);
      const sealed = encrypt(parties[role], plaintext, associatedData(m), message.subarray(58, 74));
      if (!sealed.equals(message)) throw new Error(`message ${m}: ${sealed.toString('hex')} is not the recorded one`);
    } else if (action === 1) {
      const opened = decrypt(parties[role], message, associatedData(m), at);
      if (!opened.plaintext.equals(plaintext)) throw new Error(`message ${m}: another plaintext`);
      parties[role] = opened.state;
      answered ||= role === initiator;
    } else {
      let error;
      try {
        decrypt(parties[role], message, associatedData(m), at);
      } catch (e) {
        error = e;
      }
      if (!(error instanceof Duplicate)) throw new Error(`message ${m} again: ${error}`);
    }
    states.push(stateHash(role));
  }
  return { chains: trace.chains, messages: trace.messages, states };
}

function toHex(v) {
  if (Buffer.isBuffer(v)) return v.toString('hex');
  if (Array.isArray(v)) return v.map(toHex);
  if (v && typeof v === 'object') return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, toHex(x)]));
  return v;
}

const recorded = read('recorded-handshakes.json');
const derived = recorded.map(deriveHandshake);

const parts = {
  handshakes: () => write('derived-handshakes.json', derived),
  conversation: () => write('derived-conversation.json', converse(read('recorded-conversation.json'), recorded[0], derived[0])),
  files: () => write('derived-files.json', read('recorded-files.json').map(deriveFile)),
};

const wanted = process.argv.slice(2);
if (wanted.length === 0 || wanted.some((name) => !(name in parts))) {
  console.error('usage: node derive.mjs [handshakes] [conversation] [files]');
  process.exit(2);
}
for (const name of wanted) parts[name]();
