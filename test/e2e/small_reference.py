"""The models of models/mlp.ir and models/cnn.ir in PyTorch, from a checkpoint's
tensors, and one of every other op that Llama does not have.

Images are [N, 1, 16, 16] here and [N, 256, 1] there; a convolution's weight is
[O, C, 3, 3] here and [O, 3 * 3 * C] there.
"""
import torch
import torch.nn.functional as F


class Reference:
    def __init__(self, tensors, dtype=torch.float32):
        self.parameters = {name: torch.tensor(array, dtype=dtype, requires_grad=True)
                           for name, array in tensors.items()}

    def linear(self, x, name):
        return F.linear(x, self.parameters[name + ".weight"],
                        self.parameters.get(name + ".bias"))

    def conv(self, x, name, kernel=3, stride=1, padding=1):
        weight = self.parameters[name + ".weight"]
        weight = weight.reshape(weight.shape[0], kernel, kernel, -1).permute(0, 3, 1, 2)
        return F.conv2d(x, weight, self.parameters.get(name + ".bias"), stride, padding)


def gelu(x):
    """Hendrycks and Gimpel's form with tanh; PyTorch 1.13 has it as well."""
    return F.gelu(x, approximate="tanh")


class Mlp(Reference):
    def loss(self, rows):
        x, target = rows[:, :32], rows[:, 32:]
        return F.mse_loss(self.linear(gelu(self.linear(x, "hidden")), "output"), target)


class Cnn(Reference):
    def loss(self, rows):
        x, classes = rows[:, :256].reshape(-1, 1, 16, 16), rows[:, 256].long()
        x = F.avg_pool2d(F.relu(self.conv(x, "conv1")), 2)
        x = F.max_pool2d(F.relu(self.conv(x, "conv2")), 8)
        return F.cross_entropy(self.linear(x.flatten(1), "classifier"), classes)


class Shapes(Reference):
    """test/e2e/shapes.ir."""

    def loss(self, rows):
        x = rows[:, :128].reshape(-1, 16, 8)
        target = rows[:, 128:].reshape(-1, 4, 32)
        image = x.transpose(1, 2).reshape(-1, 8, 4, 4)
        image = gelu(self.conv(image, "conv", stride=2))       # [N, 32, 2, 2]
        x = image.flatten(2).transpose(1, 2)                   # [N, 4, 32]
        gain = self.parameters["norm.gain"]
        n = F.layer_norm(x, [32], torch.zeros(32) + gain, None, 1e-5)
        mixed = self.linear(n.transpose(1, 2), "mix").transpose(1, 2)
        front, back = mixed[..., :8], mixed[..., 8:]
        turned = torch.cat([back, torch.exp(0.25 * front)], 2)
        tall = turned.reshape(-1, 8, 16)
        tall = torch.cat([tall[:, 3:], tall[:, :3]], 1)
        y = self.linear(tall, "wide").reshape(-1, 4, 32)
        mean = y.sum(1, keepdim=True) * 0.25
        total = y.sum(2, keepdim=True) * 0.125
        y = y - mean.expand(-1, 4, -1) + total.expand(-1, -1, 32)
        return F.mse_loss(self.linear(y, "last"), target)


MODELS = {"mlp": Mlp, "cnn": Cnn, "shapes": Shapes}
