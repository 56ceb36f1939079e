"""Texts, queries and judgments in SMART's and TREC's layouts."""

import gzip

import pytest

from sim.data.formats import DataError
from sim.data.text_collections import COLLECTIONS


def put(directory, **files):
    for name, text in files.items():
        (directory / f"{name.replace('__', '.').replace('_', '-')}.gz").write_bytes(
            gzip.compress(text.encode())
        )


def test_cranfield_counts_its_queries_and_grades_from_the_best(tmp_path):
    put(
        tmp_path,
        cran__all__1400=".I 1\n.T\nwings\n.A\nsomebody\n.W\nwings of\ngeese\n.I 2\n.T\n.W\n\n",
        cran__qry=".I 001\n.W\nwhat\n.I 004\n.W\nhow\n",
        cranqrel="1 1 1\n1 2 -1\n2 2 3 \n",
    )
    found = COLLECTIONS["cran.all.1400.gz"](tmp_path)
    assert {name: text.split() for name, text in found.documents.items()} == {
        "1": ["wings", "wings", "of", "geese"],
        "2": [],
    }
    assert [text.strip() for text in found.queries.values()] == ["what", "how"]
    assert found.gain == {"1": {"1": 4.0}, "2": {"2": 2.0}}
    put(tmp_path, cranqrel="1 1\n")
    with pytest.raises(DataError):
        COLLECTIONS["cran.all.1400.gz"](tmp_path)


def test_npl_is_in_trec_s_layout(tmp_path):
    put(
        tmp_path,
        doc_text__trec="<DOC>\n<DOCNO>1</DOCNO>\ncompact\nmemories\n</DOC>\n",
        query_text__trec="<top>\n<num>1</num><title>\nMEMORIES\n</title>\n</top>\n",
        qrels="1 0 1 1\n1 0 2 0\n",
    )
    found = COLLECTIONS["doc-text.trec.gz"](tmp_path)
    assert found.documents["1"].split() == ["compact", "memories"]
    assert found.queries["1"].strip() == "MEMORIES"
    assert found.gain == {"1": {"1": 1.0}}
    put(tmp_path, doc_text__trec="nothing")
    with pytest.raises(DataError):
        COLLECTIONS["doc-text.trec.gz"](tmp_path)
