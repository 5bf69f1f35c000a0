"""`BlindChoices`, `BlindNumbers`, `BlindTexts`: forests that answer from text alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ..questions.question import LETTERS, Question
from .scoring import mean_relative_accuracy
from .text_features import option_shape, option_tokens, question_tokens

_WORDS_MOST = 1500
_CLASSES_MOST = 20


class Blind(Protocol):
    """Scores the questions of one task without their pictures."""

    chance: float
    """Score without any knowledge, 0 to 1; for numbers there is none, and it is 0."""

    def blind(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Scores (len(test),) of a model that was fitted to the questions `train` (places)."""
        ...

    def constant(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Scores (len(test),) of always giving the best constant answer of `train`."""
        ...


def blind_of(questions: Sequence[Question], form: str, trees: int, seed: int) -> Blind | None:
    """The model for a task's questions, or None where text cannot be scored (boxes, captions)."""
    if form == "choice":
        return BlindChoices(questions, trees, seed)
    if form == "number":
        return BlindNumbers(questions, trees, seed)
    if form == "text" and len({q.answer for q in questions}) <= _CLASSES_MOST:
        return BlindTexts(questions, trees, seed)
    return None


class BlindChoices:
    """Every option is scored on its own; the best one is the answer. Scores are 0 or 1."""

    def __init__(self, questions: Sequence[Question], trees: int, seed: int) -> None:
        self._questions, self._trees, self._seed = questions, trees, seed
        counts = [len(question.options) for question in questions]
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._right = np.array([LETTERS.index(question.letter) for question in questions])
        pairs = [
            (question, place) for question in questions for place in range(len(question.options))
        ]
        self._tokens = [option_tokens(question, place) for question, place in pairs]
        self._shapes = np.array([option_shape(question, place) for question, place in pairs])
        self._targets = np.zeros(len(pairs), int)
        self._targets[self._starts[:-1] + self._right] = 1
        self.chance = float(np.mean([1 / count for count in counts]))

    def blind(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        from sklearn.ensemble import RandomForestClassifier

        rows, asked = self._rows(train), self._rows(test)
        learnt, judged = _matrices(self._tokens, rows, asked, self._shapes)
        forest = RandomForestClassifier(
            self._trees, min_samples_leaf=2, random_state=self._seed, n_jobs=1
        )
        forest.fit(learnt, self._targets[rows])
        chances = np.full(len(self._targets), -1.0)
        chances[asked] = np.asarray(forest.predict_proba(judged))[:, -1]
        return np.array([self._scored(place, chances) for place in test])

    def constant(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Always the letter or the text that was right most often, whichever was better."""
        letters = np.bincount(self._right[train])
        texts: dict[str, int] = {}
        for place in train:
            answer = self._questions[place].answer
            texts[answer] = texts.get(answer, 0) + 1
        text, hits = min(texts.items(), key=lambda item: (-item[1], item[0]))
        if hits > letters.max():
            return np.array([float(self._questions[place].answer == text) for place in test])
        return (self._right[test] == letters.argmax()).astype(float)

    def _rows(self, places: np.ndarray) -> np.ndarray:
        return np.concatenate([np.arange(self._starts[p], self._starts[p + 1]) for p in places])

    def _scored(self, place: int, chances: np.ndarray) -> float:
        own = chances[self._starts[place] : self._starts[place + 1]].round(9)
        best = np.flatnonzero(own == own.max())
        # Equal options share the point, as if one of them were drawn.
        return float(self._right[place] in best) / len(best)


class BlindNumbers:
    """Few different numbers are classes, many are regressed by their logarithm. Scores are MRA."""

    def __init__(self, questions: Sequence[Question], trees: int, seed: int) -> None:
        self._trees, self._seed = trees, seed
        self._tokens = [question_tokens(question) for question in questions]
        self._truth = np.array([float(question.answer) for question in questions])
        self.chance = 0.0

    def blind(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        learnt, judged = _matrices(self._tokens, train, test)
        truth = self._truth[train]
        settings: dict[str, Any] = {"random_state": self._seed, "n_jobs": 1, "min_samples_leaf": 2}
        if len(np.unique(truth)) <= _CLASSES_MOST:
            labels = np.array([f"{value:g}" for value in truth])
            forest = RandomForestClassifier(self._trees, **settings).fit(learnt, labels)
            predicted = forest.predict(judged).astype(float)
        else:
            sign, size = np.sign(truth), np.log1p(np.abs(truth))
            settings["max_features"] = "sqrt"
            forest = RandomForestRegressor(self._trees, **settings)
            raw = forest.fit(learnt, sign * size).predict(judged)
            predicted = np.sign(raw) * np.expm1(np.abs(raw))
        return mean_relative_accuracy(predicted, self._truth[test])

    def constant(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Always the number that scores best on the known ones; the median scores no better."""
        truth = self._truth[train]
        candidates = np.unique(np.concatenate([truth, [np.median(truth)]]))
        means = [mean_relative_accuracy(np.full_like(truth, c), truth).mean() for c in candidates]
        best = candidates[int(np.argmax(np.round(means, 9)))]
        return mean_relative_accuracy(np.full(len(test), best), self._truth[test])


class BlindTexts:
    """Short texts of which there are few are classes. Scores are 0 or 1."""

    def __init__(self, questions: Sequence[Question], trees: int, seed: int) -> None:
        self._trees, self._seed = trees, seed
        self._tokens = [question_tokens(question) for question in questions]
        self._truth = np.array([question.answer for question in questions])
        self.chance = 1 / len(set(self._truth.tolist()))

    def blind(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        from sklearn.ensemble import RandomForestClassifier

        learnt, judged = _matrices(self._tokens, train, test)
        forest = RandomForestClassifier(
            self._trees, min_samples_leaf=2, random_state=self._seed, n_jobs=1
        )
        return (forest.fit(learnt, self._truth[train]).predict(judged) == self._truth[test]) * 1.0

    def constant(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        names, counts = np.unique(self._truth[train], return_counts=True)
        return (self._truth[test] == names[int(np.argmax(counts))]) * 1.0


def _matrices(
    tokens: Sequence[Sequence[str]],
    train: np.ndarray,
    test: np.ndarray,
    shapes: np.ndarray | None = None,
) -> tuple[Any, Any]:
    """Word counts of the training rows' most frequent words, and shapes beside them."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import CountVectorizer

    settings: dict[str, Any] = {"analyzer": list, "max_features": _WORDS_MOST, "binary": True}
    counter = CountVectorizer(**settings)
    learnt = counter.fit_transform([tokens[row] for row in train])
    judged = counter.transform([tokens[row] for row in test])
    if shapes is None:
        return learnt, judged
    return (
        hstack([learnt, csr_matrix(shapes[train])]).tocsr(),
        hstack([judged, csr_matrix(shapes[test])]).tocsr(),
    )
