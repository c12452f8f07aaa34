"""Digits from float32 to pruned int8: train, prune, tune, quantise, and see what each step costs and saves."""

import neuroedge as ne
from neuroedge.applications.classify import classifier, load_digits
from neuroedge.optimize import NetworkPruner, Quantizer, report

digits = load_digits()
data = digits.inputs, digits.labels

# each epoch sees the pictures turned and shifted another way: the test digits are of other writers
vary = ne.Variation((8, 8), turn=0.35, shear=0.3, stretch=0.2, shift=0.5)
trained = classifier((64, 128, 10), name="digits", seed=1)
print(ne.train(trained, *data, epochs=30, rate=1e-2, vary=vary), "\n")

# nine of ten synapses go, by what they bring for the samples that the network has seen
pruner = NetworkPruner(sparsity_target=0.9)
pruned = pruner.prune(trained)
print(pruner.report, "\n")

# what is left learns again: half from the labels, half from what the trained network answers
tuned = pruned.copy()
print(ne.fine_tune(tuned, 10, data), "\n")

# 8 bits for weights and 16 for potentials: no floats are left
quantizer = Quantizer()
small = quantizer.quantize_neurons(tuned, voltage_bits=16, current_bits=16, calibration=digits.inputs[:200])
print(quantizer.measure_accuracy_impact(tuned, small, digits.test_inputs, digits.test_labels), "\n")

steps = {"trained": trained, "pruned": pruned, "tuned": tuned, "small": small}
print(report(steps, digits.test_inputs, digits.test_labels), "\n")
# the same stored in the fewest bytes, rather than as the fastest
print(report(steps, digits.test_inputs, digits.test_labels, storage="small"))
