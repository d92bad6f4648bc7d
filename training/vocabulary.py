"""The house model's words: a small vocabulary that an ordinary CLIPTokenizer reads.

Every known word is one token. CLIP's tokenizer is a byte-pair encoder, so the words are reached
through merges, made in the order in which a byte-pair encoder would apply them. Letters of unknown
words stay letters; training teaches that letters alone mean nothing.
"""

from __future__ import annotations

import itertools
import json
import re
import string
from pathlib import Path

import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from .looks import FILLERS, LOOKS

MAX_TOKENS = 32
WIDTH = 96
START, END = "<|startoftext|>", "<|endoftext|>"


def known_words() -> list[str]:
    """Every word of the looks' wordings and the fillers, sorted."""
    text = " ".join(wording for look in LOOKS for wording in look.all_wordings)
    return sorted(set(re.findall(r"[a-z]+|\d", text.lower())) | set(FILLERS))


def _apply(symbols: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """Merge by rank, lowest first, as a byte-pair encoder does."""
    while True:
        pairs = [(ranks[pair], pair) for pair in itertools.pairwise(symbols) if pair in ranks]
        if not pairs:
            return symbols
        first, second = min(pairs)[1]
        merged: list[str] = []
        for symbol in symbols:
            if merged and (merged[-1], symbol) == (first, second):
                merged[-1] = first + second
            else:
                merged.append(symbol)
        symbols = merged


def merges_for(words: list[str]) -> list[tuple[str, str]]:
    """Merges under which each word becomes one token.

    A new merge always has the highest rank so far, so it can't disturb a word that is whole.
    """
    ranks: dict[tuple[str, str], int] = {}
    for word in words:
        symbols = _apply([*word[:-1], word[-1] + "</w>"], ranks)
        while len(symbols) > 1:
            ranks[symbols[0], symbols[1]] = len(ranks)
            symbols = _apply([symbols[0] + symbols[1], *symbols[2:]], ranks)
    return list(ranks)


def write_tokenizer(folder: Path) -> CLIPTokenizer:
    """Write the tokenizer's files and load them the ordinary way."""
    folder.mkdir(parents=True, exist_ok=True)
    characters = string.ascii_lowercase + string.digits + string.punctuation
    merges = merges_for(known_words())
    tokens = [*characters, *(f"{c}</w>" for c in characters), *(a + b for a, b in merges)]
    tokens = list(dict.fromkeys([*tokens, START, END]))
    vocabulary = {token: index for index, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False, indent=0))
    lines = ["#version: 0.2", *(f"{a} {b}" for a, b in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    tokenizer = CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=MAX_TOKENS
    )
    tokenizer.save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder)


def make_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """An untrained two-layer text encoder for the vocabulary."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=MAX_TOKENS,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def tokenize(tokenizer: CLIPTokenizer, prompts: list[str]) -> torch.Tensor:
    """Token numbers (B, MAX_TOKENS), padded and cut like a diffusers pipeline does."""
    return tokenizer(
        prompts, padding="max_length", max_length=MAX_TOKENS, truncation=True, return_tensors="pt"
    ).input_ids
