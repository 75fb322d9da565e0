"""Scores of random and degenerate predictions by scikit-learn, scipy and seqeval, for TasksTests to compare with.

    python scripts/metric_cases.py > Tests/TasksTests/Metrics/cases.json

needs scikit-learn, scipy and seqeval. Every run writes the same cases. A correlation that is not defined is null.
"""

import json
import math
import random
import warnings
from importlib.metadata import version

from scipy.stats import pearsonr, spearmanr
from seqeval.metrics import f1_score as span_f1
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

warnings.filterwarnings("ignore")
chance = random.Random(5)
LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-X-Y", "I-X-Y"]


def classes_case(predicted, expected):
    return {
        "predicted": predicted,
        "expected": expected,
        "accuracy": accuracy_score(expected, predicted),
        "f1": f1_score(expected, predicted, labels=[1], average="macro", zero_division=0),
        "macro-f1": f1_score(expected, predicted, average="macro", zero_division=0),
        "matthews": matthews_corrcoef(expected, predicted),
    }


def values_case(predicted, expected):
    finite = lambda value: None if math.isnan(value) else float(value)
    return {
        "predicted": predicted,
        "expected": expected,
        "pearson": finite(pearsonr(predicted, expected)[0]),
        "spearman": finite(spearmanr(predicted, expected)[0]),
    }


def tags_case(predicted, expected):
    spelled = lambda sentences: [[LABELS[tag] for tag in sentence] for sentence in sentences]
    return {
        "predicted": predicted,
        "expected": expected,
        "span-f1": float(span_f1(spelled(expected), spelled(predicted), zero_division=0)),
    }


def random_classes(count, classes):
    return [chance.randrange(classes) for _ in range(count)]


def random_tags(counts, tags):
    return [[chance.choice(tags) for _ in range(count)] for count in counts]


def mistaken(sentences, share):
    return [[chance.randrange(7) if chance.random() < share else tag for tag in sentence] for sentence in sentences]


def main():
    classes, values, tags = [], [], []
    for count, kinds in [(1, 2), (2, 2), (3, 3), (8, 2), (20, 2), (20, 3), (40, 6), (15, 9)]:
        for _ in range(2):
            classes.append(classes_case(random_classes(count, kinds), random_classes(count, kinds)))
    for predicted, expected in [([0] * 5, [1] * 5), ([1] * 5, [1] * 5), ([0] * 5, [0] * 5), ([0] * 4, [0, 1, 0, 1])]:
        classes.append(classes_case(predicted, expected))

    number = lambda: round(chance.uniform(0, 5), 1)
    for count in [2, 3, 5, 10, 30]:
        for _ in range(3):
            values.append(values_case([number() for _ in range(count)], [number() for _ in range(count)]))
    for predicted, expected in [([1.5] * 4, [1, 2, 3, 4]), ([1, 2, 3], [2.5] * 3), ([1, 1, 2, 2], [3, 3, 3, 4])]:
        values.append(values_case(predicted, expected))

    for counts in [[1], [4], [9, 3], [12, 1, 7, 5]]:
        for _ in range(4):
            tags.append(tags_case(random_tags(counts, range(7)), random_tags(counts, range(7))))
        expected = random_tags(counts, [0, 0, 1, 2, 3, 4])
        for share in [0, 0.1, 0.4]:
            tags.append(tags_case(mistaken(expected, share), expected))
    for predicted, expected in [([[0, 0]], [[0, 0]]), ([[0, 0]], [[1, 2]]), ([[1, 2]], [[0, 0]]), ([[2, 2]], [[1, 2]])]:
        tags.append(tags_case(predicted, expected))

    made_by = {name: version(name) for name in ["scikit-learn", "scipy", "seqeval"]}
    cases = {"madeBy": made_by, "labels": LABELS, "classes": classes, "values": values, "tags": tags}
    lines = [f'  "{key}": {json.dumps(value)}' for key, value in cases.items() if not isinstance(value, list)]
    for key, value in cases.items():
        if isinstance(value, list):
            lines.append(f'  "{key}": [\n    ' + ",\n    ".join(json.dumps(case) for case in value) + "\n  ]")
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
