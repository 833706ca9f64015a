"""The catalogue holds together: names, sentences, the law that every operation has."""

from gnomon_spec.system import systems

LAWS = [law for system in systems().values() for law in system.laws]
MISTAKES = [mistake for system in systems().values() for mistake in system.mistakes.values()]


def test_every_operation_agrees_with_the_oracle_first_of_all():
    for system in systems().values():
        for operation in system.operations.values():
            assert operation.laws[0].name == "agrees_with_the_oracle"


def test_laws_have_names_of_their_own_and_a_sentence_without_full_stop():
    assert len({law.id for law in LAWS}) == len(LAWS)
    for declared in (*LAWS, *MISTAKES):
        assert declared.statement and not declared.statement.endswith("."), declared
