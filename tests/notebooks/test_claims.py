"""What the lessons claim, trained and measured anew at budget class (slow: `make test-full`).

Each lesson is executed once; the tests look at what it recorded.
"""

from functools import cache

import numpy as np
import pytest

from course_utils.data import carry, grammar
from course_utils.networks.shipped import record_of
from tools import notebooks, running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def recorded(pytestconfig):
    """Return a function that runs a lesson, once for each budget, and returns what it recorded."""
    capturing = pytestconfig.pluginmanager.getplugin("capturemanager")

    def say(text):
        with capturing.global_and_fixture_disabled():
            print(f"\n{text}", flush=True)

    @cache
    def run(lesson, budget):
        (path,) = notebooks.find(notebooks.NOTEBOOKS, lesson)
        say(f"lesson {path.stem} runs at budget {budget} …")
        target = notebooks.BUILD / f"test-{budget}" / path.name
        outcome = running.run_lesson(path, target, {"budget": budget})
        say(f"lesson {path.stem} at budget {budget}: {outcome.seconds:.0f} s")
        assert outcome.error is None, outcome.error
        return outcome.recorded

    def recorded(lesson, budget="class"):
        return run(lesson, budget)  # with both, by which they are remembered

    return recorded


def test_01_the_derived_factor_per_step_is_the_measured_one(recorded):
    assert recorded("01")["largest_gap"] < 0.02


def test_01_only_the_lstm_with_biases_for_the_distance_remembers(recorded):
    found = recorded("01")
    assert found["rnn_10"] == found["lstm_10"] == found["seeds"] == 5
    assert found["long_10"] == found["long_50"] == found["long_100"] == 5
    for distance in (50, 100):
        assert found[f"lstm_{distance}"] == 0
        assert found[f"rnn_{distance}"] <= 1


def test_01_the_adder_set_by_hand_makes_no_error(recorded):
    found = recorded("01")
    assert (found["adder_columns"], found["adder_errors"]) == (100_000, 0)
    assert found["exact_five"] > 95 > 60 > found["small_five"]


def test_02_every_gradient_agrees_with_differences_and_with_keras(recorded):
    found = recorded("02")
    assert (found["small_weights"], found["real_weights"]) == (76, 1_233)
    largest = [found[f"largest_{of}"] for of in ("difference", "squared_error", "cross_entropy")]
    assert max(largest) < 1e-6
    assert found["parity"] < 1e-5


def test_02_online_sgd_gets_all_16384_sums_right_and_cross_entropy_is_quick(recorded):
    found = recorded("02")
    without_biases, with_biases, entropy = found["exact"]
    assert found["n_seeds"] == entropy == 5
    assert without_biases >= 3 and with_biases >= 4  # at most 20,000 samples
    assert found["cross_entropy_biases_to"] <= 5_000


def test_02_without_biases_a_quarter_of_all_sums_stays_wrong(recorded):
    assert 4_096 <= recorded("02")["seed_wrong"] < 4_200


def test_02_a_gradient_that_stops_half_way_is_not_enough(recorded):
    assert min(recorded("02")["half_way"]) > 100


@pytest.mark.parametrize(("budget", "percent", "seeds"), [("class", 10, 1), ("full", 3, 2)])
def test_03_the_network_comes_down_to_the_entropy_rate(recorded, budget, percent, seeds):
    found = recorded("03", budget)
    assert found["rate"] == pytest.approx(grammar.entropy_rate())
    assert len(found["cross_entropy_final"]) == seeds
    excess = 100 * (max(found["cross_entropy_final"]) / found["rate"] - 1)
    assert found["percent_above"] == pytest.approx(excess)
    assert excess < percent
    # The grammar itself is the best reader of the very sentences that were measured on.
    assert found["own"] < min(found["cross_entropy_final"])
    assert found["rate"] < found["bigram"] < found["unigram"]


@pytest.mark.parametrize(("budget", "at_least"), [("class", 80), ("full", 95)])
def test_03_most_sentences_are_grammatical_and_greedy_ones_never_end(recorded, budget, at_least):
    found = recorded("03", budget)
    assert min(found["at_1"], found["at_08"]) > at_least
    by_temperature = dict(zip(found["temperatures"], found["accepted_all"], strict=True))
    assert by_temperature[0] == 0 and by_temperature[2] < by_temperature[1]


def test_03_the_carried_state_writes_the_same_at_least_ten_times_as_fast(recorded):
    found = recorded("03")
    assert found["same_text"] is True and found["largest_difference"] < 1e-5
    assert found["speed_up"] >= 10


def test_03_english_is_learned_beyond_the_bigram(recorded):
    assert recorded("03")["english"] < recorded("03")["english_bigram"] - 0.5


def test_04_best_player_sits_on_the_floor(recorded):
    assert recorded("04")["best_player"] == pytest.approx(carry.mse_floor(10), rel=0.02)


def test_05_the_loss_lands_on_the_floor_and_stays(recorded):
    assert recorded("05")["plateau"] == pytest.approx(carry.mse_floor(10), rel=0.02)


def test_05_each_repair_brings_the_loss_to_almost_nothing(recorded):
    assert all(recorded("05")[f"repair_{k}"] < 0.002 for k in (1, 2, 3))


def test_05_the_extracted_machine_is_the_full_adder(recorded):
    found = recorded("05")
    assert (found["kinds_of_state"], found["correct_cases"], found["exceptions"]) == (2, 8, 0)


# What a training run gives depends on the processor's last digits. So of a few live starts no more
# is asked than their recorded share (see test_records.py) supports on any machine.


@pytest.mark.parametrize("budget", ["class", "full"])
def test_05_hardly_a_shaken_network_makes_an_error_in_a_million_bits_or_the_chain(recorded, budget):
    found = recorded("05", budget)
    assert found["chain_bits"] == {"class": 100_000, "full": 1_000_000}[budget]
    assert found["n_seeds"] == len(found["errors_random"]) == len(found["errors_chain"]) == 5
    errors = np.add(found["errors_random"], found["errors_chain"])
    assert found["perfect"] == (errors == 0).sum() >= 4


def test_06_the_vectorised_pipeline_is_far_ahead(recorded):
    assert recorded("06")["n_samples"] == 75_000
    assert recorded("06")["different"] == recorded("06")["n_problems"] == 1_000


def test_07_the_plain_recipe_is_good_but_not_perfect(recorded):
    found = recorded("07")
    assert found["parameters"] == 52_212
    assert found["per_character"] > 95
    assert 900 < found["exact"] <= 1_000


def test_07_balanced_samples_and_a_revision_get_every_problem_right(recorded):
    right = recorded("07")["fast_right"]
    assert right.count(1_000) >= 4 and min(right) >= 995


def test_07_at_least_99_percent_of_the_held_out_problems(recorded):
    assert len(recorded("07")["held_out_percent"]) == 3
    assert min(recorded("07")["held_out_percent"]) >= 99


def test_07_without_the_parts_a_sum_never_shown_never_comes(recorded):
    found = recorded("07")
    assert (found["never_right"], found["never_total"]) == (0, 10)
    assert found["alone_percent"] < 99


def test_07_the_linear_model_is_exact_and_the_rounded_network_is_not(recorded):
    assert recorded("07")["linear"] == 1_000 > recorded("07")["rounded"]


def test_08_reloading_in_a_fresh_process_changes_nothing(recorded):
    assert recorded("08")["difference_apart"] == recorded("08")["difference_whole"] == 0


def test_09_all_10000_sums_of_four_terms(recorded):
    found = recorded("09")
    assert found["four_all"] >= 1 and found["four_least"] >= 9_990


def test_09_a_million_sums_and_those_held_out(recorded):
    found = recorded("09")
    assert (found["listed"], found["wrong_three"], found["wrong_hidden"]) == (1_000_000, 0, 0)
    assert len(found["wrong_runs"]) >= 3 and found["worst_run"] <= 5
    assert found["two_seen"] < 80 and found["two_hidden"] < 20  # 1 % of either
    assert found["draw_ratio"] > 1


def test_09_five_digits_that_were_never_shown(recorded):
    found = recorded("09")
    assert found["tried_five"] == 100_000 and found["exact_five"] >= 99.9
    assert len(found["five_runs"]) >= 3 and found["five_least"] >= 99.9
    assert found["made_wrong"] / found["made_tried"] < 2 * found["wrong_five"] / 100_000


def test_10_three_terms_teach_three_terms_only(recorded):
    found = recorded("10")
    assert found["three_three"] >= 950  # of 1,000
    assert found["three_two"] <= 40 and found["three_four"] <= 30  # of 100; percent


def test_10_drawn_evenly_by_number_of_terms_two_terms_are_learned(recorded):
    found = recorded("10")
    assert found["count_two"] >= 95 and found["count_two"] >= found["question_two"]


def test_10_everything_listed_is_right_and_of_the_unseen_999_in_1000(recorded):
    found = recorded("10")
    assert (found["all_two"], found["all_three"], found["tried"]) == (10_000, 10**6, 100_000)
    assert found["wrong_two"] == found["wrong_three"] == found["wrong_to_20"] == 0
    assert found["exact"] >= 99.9 and found["n_runs"] == 3
    # The other starts come near it: not all of them reach 99.9 %.
    assert found["least_exact"] >= 99.8 and found["most_wrong_three"] <= 50


def test_10_another_length_is_another_problem(recorded):
    found = recorded("10")
    assert found["length_14"] > 99.9
    assert max(found[f"length_{n}"] for n in (11, 13, 15, 17)) < 5
    assert found["exact_seven"] < found["exact_six"] < 99.9


def test_11_plus_and_minus_are_learned_where_nothing_was_shown(recorded):
    found = recorded("11")
    assert min(found["live_plus"], found["live_minus"]) > 99
    assert found["wrong_plus"] == found["wrong_minus"] == 0
    assert found["runs"] == 3 and max(found["worst_plus"], found["worst_minus"]) <= 2


def test_11_times_and_over_are_known_by_heart_and_not_learned(recorded):
    found = recorded("11")
    assert min(found["exact_times"], found["exact_over"]) >= 99.5
    assert max(found["worst_times"], found["worst_over"]) <= 50  # of 10,000 and of 9,900
    assert found["times_held_out"] < 60 < 90 < found["times_shown"]
    assert found["real"] < found["copied"]


def test_11_of_an_unseen_product_the_outer_digits_are_surer_than_the_middle_ones(recorded):
    found = recorded("11")
    assert found["ones"] > found["tens"]
    assert found["thousands"] > max(found["tens"], found["hundreds"])
    assert (found["settled_minus"], found["settled_over"]) == (20, 10)


UNITS_FIRST = ("reversed answer", "both reversed", "lesson 09", "zeros, both reversed")


def test_12_units_first_wins_with_every_start_and_left_and_zeros_lose():
    exact = {}
    for run in record_of("12_orders")["runs"]:
        assert (run["steps"], run["batchsize"], run["tried"]) == (2_000, 128, 20_000)
        exact.setdefault(run["variant"], []).append(run["exact"])
    assert len(exact) == 10 and {len(values) for values in exact.values()} == {3}
    worst_first = min(min(exact[name]) for name in UNITS_FIRST)
    assert worst_first > 85
    mean = {name: np.mean(values) for name, values in exact.items()}
    assert max(exact["zeros"]) < 20 and max(exact["left"]) < 50
    for name in ("right", "masked", "reversed question"):
        assert mean["left"] < mean[name] < worst_first
    assert max(mean, key=mean.get) == "zeros, both reversed"


def test_12_the_live_runs_agree_with_the_table(recorded):
    found = recorded("12")
    of_left, of_variant = (
        [run["exact"] for run in record_of("12_orders")["runs"] if run["variant"] == name]
        for name in ("left", found["variant"])
    )
    assert abs(found["left_exact"] - np.mean(of_left)) < 20
    assert abs(found["exact"] - np.mean(of_variant)) < 10


def test_12_left_is_nearly_right_and_units_first_is_off_by_whole_tens(recorded):
    found = recorded("12")
    assert found["small_left"] > 50 > found["tens_left"]
    assert found["tens_variant"] > 80 > found["small_variant"]


def test_12_right_padding_has_most_to_keep_and_drawing_is_faster_than_training(recorded):
    found = recorded("12")
    assert (found["cases_left"], found["cases_right"]) == (3_800, 82_099)
    assert found["training_to_drawing"] > 3
    assert abs(found["agree_before"]) > abs(found["agree_bits"])


def test_13_attention_adds_nine_digits_exactly(recorded):
    found = recorded("13")
    assert found["tried_full"] >= 100_000
    assert found["exact_full"] >= 99.9
    assert found["wrong_lengths"] <= 0.001 * found["tried_full"]


def test_13_carries_run_through_all_columns_in_pairs_that_training_never_showed(recorded):
    found = recorded("13")
    assert min(found["worst_tried"]) >= 1_000
    assert found["chains_exact"] >= 99.9  # the worst of three kinds


def test_13_every_trained_network_is_exact_not_only_the_shipped_one(recorded):
    found = recorded("13")
    assert found["runs"] == 5
    assert found["least_unseen"] >= 99.9 and found["least_chains"] >= 99.9
    assert found["minutes"] <= 10


def test_13_without_attention_the_same_time_is_not_enough(recorded):
    found = recorded("13")
    assert found["neck_exact"] < 5
    assert found["plain_exact"] < found["live_exact"]


def test_13_the_maps_cause_the_answer_but_do_not_show_the_carry(recorded):
    found = recorded("13")
    assert found["as_predicted"] > 90
    assert max(found["without_head_0"], found["without_head_1"]) < 50
    assert found["same_answers"] == 100 and found["moved"] > 20
    assert found["own_change"] > 99 and found["back_change"] > 20 and found["back_look"] < 20
    assert found["ahead_look"] > 20 and found["ahead_change"] == 0


def test_14_the_interpreter_agrees_with_python_and_help_changes_no_exact_match(recorded):
    found = recorded("14")
    assert found["agree"] == 2_000
    assert found["exact"] == pytest.approx(found["exact_helped"])
    assert found["helped"] > found["exact"] and found["alone"] > found["exact"]
    assert found["times_as_fast"] > 1  # drawing never keeps training waiting


def test_14_naive_is_last_and_what_is_counted_decides_who_is_first():
    runs = record_of("14_curricula")["runs"]
    found = {}
    for variant in ("baseline", "naive", "mixed", "combined", "copying"):
        of_it = [run for run in runs if run["variant"] == variant]
        assert [run["seed"] for run in of_it] == [0, 1, 2, 3, 4]
        if variant != "copying":
            found[variant] = np.array([[r["exact"], r["helped"], r["exact_1_1"]] for r in of_it])
            assert [r["exact"] for r in of_it] == pytest.approx([r["exact_helped"] for r in of_it])
    exact, helped, easy = np.moveaxis([found[name] for name in found], 2, 0)  # (4, 5) each
    baseline, naive, mixed, combined = range(4)
    assert exact[naive].max() < np.delete(exact, naive, axis=0).min()
    for better in (mixed, combined):
        assert (exact[better] > exact[baseline]).all()
        assert (helped[better] < helped[baseline]).all()
    assert exact[baseline].max() > exact[mixed].min()  # from one start it can look otherwise
    assert easy[mixed].min() > 80 > 20 > easy[baseline].max()
    assert easy[naive].max() < 20 and exact.mean(axis=1).argmax() == mixed


def test_14_reversed_and_doubled_numbers_are_copied_better_than_plain_ones():
    runs = [r for r in record_of("14_curricula")["runs"] if r["variant"] == "copying"]
    for run in runs:
        assert min(run["reversed_any_exact"], run["doubled_any_exact"]) > run["plain_any_exact"]
        assert run["reversed_all_exact"] > run["plain_all_exact"]
    ahead = [run["reversed_any_exact"] > run["doubled_any_exact"] for run in runs]
    assert set(ahead) == {True, False}  # which of the two is ahead depends on the start


def test_15_there_are_7260_sentences(recorded):
    assert recorded("15")["different"] == 7_260


def test_15_known_combinations_are_described_from_every_start_and_new_ones_from_most(recorded):
    found = recorded("15")
    assert len(found["all_seeds"]) == found["n_starts"] == 7
    assert min(found["all_seeds"]) >= 99 and found["exact_seen"] >= 99
    assert found["good_starts"] == 4 and found["worst_start"] < 90


def test_15_the_shipped_network_describes_new_combinations_too():
    run = record_of("15_captions")["runs"][0]
    assert max(run["wrong_held_out"].values()) <= 0.03 * run["tried"]


def test_15_one_vector_fails_on_new_combinations_and_two_eyes_do_not(recorded):
    found = recorded("15")
    assert found["plain_new"] + 50 < min(found["eyes_new"], found["eyes_blanks_new"])
    assert max(found["attention_new"], found["attention_blanks_new"]) < 20  # guessing the shape
    assert found["shape_lie"] < 20
    assert found["forms_at_shape"] > 0.5 > found["forms_at_colour"]


def test_15_bleu_is_high_where_not_one_sentence_is_right(recorded):
    found = recorded("15")
    assert found["bleu_shape"] > 80 > 60 > found["bleu_relation"] > found["bleu_blind"]
    assert found["exact_blind"] < 1
