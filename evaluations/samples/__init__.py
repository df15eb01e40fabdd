"""The samples of one run, column by column: how they are taken in, put in order, hashed, kept and read again."""

from evaluations.samples.columns import SampleColumns
from evaluations.samples.parquet import read_block, write_block
from evaluations.samples.posted import PostedReport, read_posted
from evaluations.samples.tallying import tally_of_columns

__all__ = ["PostedReport", "SampleColumns", "read_block", "read_posted", "tally_of_columns", "write_block"]
