from __future__ import annotations

import json

import pytest

from charging.nchf import problems
from charging.nchf.problems import InvalidParam, Problem


@pytest.mark.parametrize(
    ("problem", "status", "cause"),
    [
        (problems.invalid_message("x"), 400, "INVALID_MSG_FORMAT"),
        (problems.charging_failed("x"), 400, "CHARGING_FAILED"),
        (problems.unauthorized("x"), 401, "UNAUTHORIZED"),
        (problems.quota_limit_reached("x"), 403, "QUOTA_LIMIT_REACHED"),
        (problems.end_user_request_denied("x"), 403, "END_USER_REQUEST_DENIED"),
        (problems.user_unknown("x"), 404, "USER_UNKNOWN"),
        (problems.context_not_found("x"), 404, "CONTEXT_NOT_FOUND"),
        (problems.path_not_found("/x"), 404, "RESOURCE_URI_STRUCTURE_NOT_FOUND"),
        (problems.method_not_allowed("GET"), 405, "METHOD_NOT_ALLOWED"),
        (problems.body_too_large(10), 413, "INCORRECT_LENGTH"),
        (problems.unsupported_media_type("text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (problems.too_many_requests("x", retry_after_seconds=2), 429, "NF_CONGESTION_RISK"),
        (problems.system_failure("x"), 500, "SYSTEM_FAILURE"),
        (problems.congestion("x", retry_after_seconds=2), 503, "NF_CONGESTION"),
    ],
)
def test_each_cause_has_its_status_and_says_what_happened(
    problem: Problem, status: int, cause: str
):
    content = json.loads(problem.body())

    assert problem.status == content["status"] == status
    assert content["cause"] == cause
    assert content["title"]
    assert content["detail"]
    assert ("content-type", "application/problem+json") in problem.headers


def test_who_is_sent_away_is_told_when_to_return():
    assert ("retry-after", "2") in problems.congestion("x", retry_after_seconds=2).headers


def test_invalid_attributes_are_listed():
    problem = problems.charging_failed(
        "no such session", InvalidParam(param="/subscriberIdentifier", reason="is another's")
    )

    assert json.loads(problem.body())["invalidParams"] == [
        {"param": "/subscriberIdentifier", "reason": "is another's"}
    ]
