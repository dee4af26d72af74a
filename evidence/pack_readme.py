"""README.txt of a pack: what it is, for somebody who has never seen one, and how to check it."""

from shlex import quote

from evidence.statements import STATEMENTS

_TEXT = """\
AN ANSWER, AND WHAT PROVES IT

This file is a pack of the Access Ledger. A company keeps in such a ledger who was given access to
its pages, ad accounts and other assets at Meta, and by whom, and when. The pack holds one question
to the ledger (question.json), the answer (answer.json), and what it takes to check the answer
without trusting the company, its server, or whoever gave you this file.

WHAT IT SHOWS
- Presence: every entry that the answer rests on is in the ledger, unchanged, at its place.
- Order: which entry was written down before which other, and when the ledger wrote it down.
- Completeness: no entry that bears on the question was left out, up to the newest ones that the
  signed statement names. A false statement stands signed against whoever made it.
- Derivation: the answer follows from these entries by published rules. Whoever verifies the pack
  works the answer out again and compares every byte.
- Who signed: the ledger "@ORIGIN@" signed the checkpoint, and its key for statements signed the
  statement and the pack.

WHAT IT DOES NOT SHOW
- That what was written down is true. The ledger proves what was recorded, and when; a false entry
  is recorded as faithfully as a true one.
- That nothing happened at Meta that nobody wrote down.
- Who a key belongs to. Take the keys from a place that you trust, never from whoever gave you the
  pack. No key in a pack would mean anything, so there is none.
- That there is no second version of the ledger for somebody else, unless you hold an older
  checkpoint: since.note and consistency.json, where they are here, show that the ledger only grew.

HOW TO VERIFY IT
Put the keys, one a line, as the ledger's owner published them, into a file named keys.txt. Then

  access-ledger verify pack.zip --key keys.txt
or, with nothing but Python 3.11 or newer, its package "cryptography" and the folder "evidence" of
the program,
  python -m evidence pack.zip --key keys.txt
or open verify.html in a browser and drop the pack on it. The copy of verify.html to trust is one
that came to you from elsewhere: whoever changes a pack can change the copy inside it too.

Do not pack the file again: it is one exact sequence of bytes, and any other is refused.

WITH OPENSSL ONLY
The steps below use unzip, openssl (3.0 or later) and a shell. They check every signature, the hash
of every member, and the proof of one entry; they do not check that the entries are complete or that
the answer follows, which the ways above do. Take the steps from a copy of this text that you trust,
and have pack.zip and keys.txt in an empty folder.

    unzip -q pack.zip -d pack
    mkdir work
    cd work

    # A note is a text, a blank line, and lines "- NAME SIGNATURE" with a long dash; a key is
    # NAME+ID+KEY. The first four bytes of a signature name its key, the first of a key its kind.
    check_note() {
      sed '/^$/,$d' "../pack/$1" > text
      awk -v name="$2" '$2 == name { print $3 }' "../pack/$1" > signatures
      awk -F+ -v name="$2" '$1 == name { print substr($0, length($1 $2) + 3) }' ../keys.txt > keys
      while read -r key; do
        { printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'
          printf '%s' "$key" | openssl base64 -d -A | tail -c 32; } > key.der
        while read -r signature; do
          printf '%s' "$signature" | openssl base64 -d -A | tail -c 64 > signature
          if openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in text \\
              -sigfile signature > result 2>&1; then
            echo "$1: signed by $2"
            return 0
          fi
        done < signatures
      done < keys
      echo "$1: NOT SIGNED by $2"
    }
    hash_of() { openssl dgst -sha256 -r "../pack/$1" | cut -c 1-64; }

    # 1. The signatures, and that the statement is about the tree of the checkpoint.
    check_note checkpoint.note @LOG_KEY@
    check_note statement.note @STATEMENT_KEY@
    check_note manifest.note @STATEMENT_KEY@
    if [ -e ../pack/since.note ]; then check_note since.note @LOG_KEY@; fi
    sed -n 3,4p ../pack/statement.note > stated
    sed -n 2,3p ../pack/checkpoint.note > sealed
    if cmp -s stated sealed; then
      echo "statement.note: about the tree of checkpoint.note"
    else
      echo "statement.note: NOT about the tree of checkpoint.note"
    fi

    # 2. The manifest is the one that is signed, and lists every member with its hash.
    if grep -q "^sha256:$(hash_of manifest.json)$" ../pack/manifest.note; then
      echo "manifest.json: as signed"
    else
      echo "manifest.json: CHANGED"
    fi
    { tr '{' '\\n' < ../pack/manifest.json; echo; } |
      sed -n 's/^"name":"\\([A-Za-z.]*\\)","sha256":"\\([^"]*\\)".*/\\1 \\2/p' > list
    while read -r name hash; do
      if [ "$(hash_of "$name")" = "$hash" ]; then
        echo "$name: as listed"
      else
        echo "$name: CHANGED"
      fi
    done < list

    # 3. One entry, the first (or the second with line=2, and so on): its leaf hash, and the way
    #    from it to the root of the checkpoint (RFC 9162, section 2.1.3.2). A pack about something
    #    of which the ledger knows nothing has no entry.
    line=1
    check_entry() {
      sed -n ${line}p ../pack/entries.jsonl | tr -d '\\n' > entry
      sed -n ${line}p ../pack/proofs.jsonl > proof
      at=$(sed -En 's/^\\{"hashes":\\[.*\\],"index":(0|[1-9][0-9]{0,17})\\}$/\\1/p' proof)
      size=$(sed -En '2s/^([1-9][0-9]{0,17})$/\\1/p' ../pack/checkpoint.note)
      if [ -z "$at" ] || [ -z "$size" ] || [ "$at" -ge "$size" ]; then
        echo "entry on line $line: NOT in the tree of the checkpoint, which has no such leaf"
        return 0
      fi
      last=$((size - 1))
      sed 's/^[^[]*\\[\\([^]]*\\)\\].*/\\1/' proof | tr ',' '\\n' | tr -d '"' > path
      { printf '\\000'; cat entry; } | openssl dgst -sha256 -binary > node
      echo "leaf $at: $(openssl base64 -A -in node)"
      while read -r hash; do
        [ -n "$hash" ] || continue
        printf '%s' "$hash" | openssl base64 -d -A > sibling
        if [ $((at % 2)) = 1 ] || [ "$at" = "$last" ]; then
          { printf '\\001'; cat sibling node; } | openssl dgst -sha256 -binary > above
          while [ $((at % 2)) = 0 ] && [ "$at" != 0 ]; do
            at=$((at / 2)); last=$((last / 2))
          done
        else
          { printf '\\001'; cat node sibling; } | openssl dgst -sha256 -binary > above
        fi
        mv above node
        at=$((at / 2)); last=$((last / 2))
      done < path
      sed -n 3p ../pack/checkpoint.note | openssl base64 -d > root
      if [ "$last" = 0 ] && cmp -s node root; then
        echo "entry on line $line: in the tree of the checkpoint"
      else
        echo "entry on line $line: NOT in the tree of the checkpoint"
      fi
    }
    count=$(($(wc -l < ../pack/entries.jsonl)))
    if [ $(($(wc -l < ../pack/proofs.jsonl))) != "$count" ]; then
      echo "entries: $count, and NOT one proof for each"
    elif [ "$count" = 0 ]; then
      echo "entries: none in this pack, so there is no proof to check"
    elif [ "$line" -gt "$count" ]; then
      echo "entry on line $line: NOT there, the pack has $count"
    else
      check_entry
    fi

None of the lines that they print may say NOT or CHANGED.
"""


def readme(origin: str) -> str:
    """The text, for a pack of this log. The steps at its end are indented by four spaces."""
    # Quoted for the shell, whatever the name of the log may hold.
    return (
        _TEXT.replace("@LOG_KEY@", quote(origin))
        .replace("@STATEMENT_KEY@", quote(origin + STATEMENTS))
        .replace("@ORIGIN@", origin)
    )
