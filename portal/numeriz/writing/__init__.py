"""Writing the law: documents, drafts and models, versions, publishing. Its pages are in `views`, its form in `form`."""

from portal.numeriz.writing.composing import blank_document, blank_measure, document_of
from portal.numeriz.writing.document import draft_of, faults_of, read_measure
from portal.numeriz.writing.publishing import publish_work, publishing_state, store_version, withdraw_order
from portal.numeriz.writing.values import Document, Fault, PublishingState, VersionView, WorkView
from portal.numeriz.writing.versions import VersionLine, current_order, newest_version, version_in_force, versions_of
from portal.numeriz.writing.works import (
    amend_order,
    copy_of_work,
    delete_work,
    erase_old_works,
    find_amendment,
    get_work,
    list_to_sign,
    page_works,
    rebase_work,
    restore_work,
    save_as_model,
    save_work,
    start_from_order,
    start_from_work,
    start_work,
)

__all__ = [
    "Document",
    "Fault",
    "PublishingState",
    "VersionLine",
    "VersionView",
    "WorkView",
    "amend_order",
    "blank_document",
    "blank_measure",
    "copy_of_work",
    "current_order",
    "delete_work",
    "document_of",
    "draft_of",
    "erase_old_works",
    "faults_of",
    "find_amendment",
    "get_work",
    "list_to_sign",
    "newest_version",
    "page_works",
    "publish_work",
    "publishing_state",
    "read_measure",
    "rebase_work",
    "restore_work",
    "save_as_model",
    "save_work",
    "start_from_order",
    "start_from_work",
    "start_work",
    "store_version",
    "version_in_force",
    "versions_of",
    "withdraw_order",
]
