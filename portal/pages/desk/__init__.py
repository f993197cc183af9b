"""The support desk: what people report, the line, calls and why they were refused, history (issue 5, point 6).

Support sees what it needs for an answer, and every look at somebody's data is history. What is told of everybody
at once, the audit log and the exports, is for operators of the platform alone.
"""

from portal.pages.desk import calls, cases, history, line

PAGES = (*cases.PAGES, *line.PAGES, *calls.PAGES, *history.PAGES)
