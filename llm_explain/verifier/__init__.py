"""The proof of a text: every slot once, every word licensed, nothing added, whoever wrote it."""

from llm_explain.verifier.names import NameIndex
from llm_explain.verifier.skeleton import Finding, SkeletonVerifier
from llm_explain.verifier.text import Verifier
from llm_explain.verifier.unfinished import UnfinishedVerifier

__all__ = ["Finding", "NameIndex", "SkeletonVerifier", "UnfinishedVerifier", "Verifier"]
