"""The proof of a text, whatever its source: every slot once, every word licensed, nothing added."""

from llm_explain.verifier.names import NameIndex
from llm_explain.verifier.skeleton import SkeletonCheck, SkeletonVerifier
from llm_explain.verifier.text import Verifier
from llm_explain.verifier.unfinished import UnfinishedVerifier

__all__ = ["NameIndex", "SkeletonCheck", "SkeletonVerifier", "UnfinishedVerifier", "Verifier"]
